#include "runtime/check.hpp"

#include <uv.h>

#include <cstdio>
#include <set>
#include <utility>

#include "base/plugin_path.hpp"
#include "config/load.hpp"
#include "runtime/machine.hpp"
#include "runtime/plugins.hpp"
#include "topology/placement.hpp"
#include "topology/plan.hpp"

namespace steady::runtime {
namespace {

/// Describes every plugin of the graph on a loop of its own. A plugin that cannot be used is an error to `check`, and so is
/// a placement that this machine does not allow, while a start would run the rest.
int check_against_plugins(const config::Graph& graph) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  int errors = 0;
  {
    Plugins plugins(&loop, executable_directory() + "/steadyd-worker", plugin_directories(graph.plugin_path));
    std::set<std::string> names;
    for (const config::Actor& actor : graph.actors) names.insert(actor.plugin);
    plugins.look(names, [] {});
    uv_run(&loop, UV_RUN_DEFAULT);
    topology::Resolution resolution = topology::resolve(graph, plugins.descriptions());
    config::Diagnostics diagnostics = std::move(resolution.diagnostics);
    if (topology::wants_placement(graph))
      for (config::Diagnostic& refused : topology::place(resolution.plan, graph, read_machine("")))
        diagnostics.push_back(std::move(refused));
    for (const config::Actor& actor : graph.actors) {
      const auto& description = plugins.descriptions().at(actor.plugin);
      if (!description)
        diagnostics.push_back({actor.position, "actors." + actor.name + ".plugin",
                               "plugin '" + actor.plugin + "' cannot be used: " + description.error().message});
    }
    config::sort(diagnostics, graph.file);
    std::fputs(config::print(diagnostics).c_str(), stderr);
    errors = static_cast<int>(diagnostics.size());
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  return errors;
}

}  // namespace

int check(const std::string& file) {
  const config::Loaded loaded = config::load_file(file);
  if (!loaded.diagnostics.empty()) {
    std::fputs(config::print(loaded.diagnostics).c_str(), stderr);
    return 1;
  }
  if (check_against_plugins(loaded.graph) != 0) return 1;
  const auto counted = [](std::size_t count, const char* thing) {
    return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
  };
  std::printf("%s: good: %s, %s\n", file.c_str(), counted(loaded.graph.actors.size(), "actor").c_str(),
              counted(loaded.graph.channels.size(), "channel").c_str());
  return 0;
}

}  // namespace steady::runtime
