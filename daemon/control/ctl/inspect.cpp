#include "control/ctl/inspect.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "base/plugin_path.hpp"
#include "control/ctl/fields.hpp"
#include "control/ctl/run.hpp"
#include "control/ctl/table.hpp"

namespace steady::control {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

Result<std::string> find_worker() {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& folder : {here, here / "../libexec", here / "../libexec/steadyd"}) {
    const auto candidate = (folder / "steadyd-worker").lexically_normal().string();
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return fail(ErrorCode::NotFound, "there is no steadyd-worker beside " + here.string() + "/steadyctl");
}

/// "Number, 8 bytes: value u64, name char[16]".
std::string message_of(const json& message) {
  std::string text = fmt::format("{}, {} bytes", text_of(message, "name"), count_of(message, "size"));
  std::string separator = ": ";
  for (const auto& field : member(message, "fields")) {
    text += separator + text_of(field, "name") + ' ' + text_of(field, "type");
    if (const auto count = count_of(field, "count"); count > 1) text += fmt::format("[{}]", count);
    separator = ", ";
  }
  return text;
}

std::string port_line(const json& port) {
  std::string line = text_of(port, "name");
  const auto kind = text_of(port, "kind");
  line += kind == "messages" ? " (" + message_of(member(port, "message")) + ')' : " (" + kind + ')';
  if (is_true(port, "many")) line += ", any number of channels";
  if (is_true(port, "optional")) line += ", optional";
  return printable(line);
}

std::string ports_of(const json& type, const std::string& direction) {
  std::string text;
  for (const auto& port : member(type, "ports")) {
    if (text_of(port, "direction") != direction) continue;
    text += fmt::format("    {:<6} {}\n", direction, port_line(port));
    if (const auto help = text_of(port, "help"); !help.empty()) text += "           " + printable(help) + '\n';
  }
  return text;
}

std::string default_of(const json& parameter) {
  if (is_true(parameter, "required")) return "required";
  const auto text = text_of(parameter, "default");
  return text.empty() ? "" : "default " + text;
}

std::string indented(const std::string& table) {
  std::string text;
  for (std::size_t start = 0; start < table.size();) {
    const auto end = table.find('\n', start) + 1;
    text += "    " + table.substr(start, end - start);
    start = end;
  }
  return text;
}

std::string parameters_of(const json& type) {
  std::vector<Row> rows;
  for (const auto& parameter : member(type, "parameters"))
    rows.push_back({{text_of(parameter, "name")},
                    {text_of(parameter, "type")},
                    {default_of(parameter)},
                    {text_of(parameter, "help")}});
  return rows.empty() ? "" : indented(render_table({"PARAMETER", "TYPE", "", ""}, rows));
}

std::string metrics_of(const json& type) {
  std::vector<Row> rows;
  for (const auto& metric : member(type, "metrics"))
    rows.push_back({{text_of(metric, "name")}, {text_of(metric, "kind")}, {text_of(metric, "help")}});
  return rows.empty() ? "" : indented(render_table({"METRIC", "KIND", ""}, rows));
}

std::string state_of(const json& type) {
  const auto& state = member(type, "state");
  const auto size = count_of(state, "size");
  if (size == 0) return "";
  return fmt::format("    state  {} bytes, version {}{}\n", size, count_of(state, "version"),
                     is_true(state, "durable") ? ", durable" : "");
}

}  // namespace

Result<std::string> describe_plugin(const std::string& plugin) {
  const auto worker = find_worker();
  if (!worker) return tl::unexpected<Error>(worker.error());
  std::error_code error;
  const auto file =
      fs::is_regular_file(plugin, error) ? Result<std::string>(plugin) : find_plugin(plugin, plugin_directories({}));
  if (!file) return tl::unexpected<Error>(file.error());
  auto outcome = run({*worker, "--describe", *file});
  if (!outcome) return tl::unexpected<Error>(std::move(outcome.error()));
  if (!outcome->succeeded)
    return fail(ErrorCode::Invalid, "plugin " + plugin + " could not be described: " + outcome->ending);
  return std::move(outcome->output);
}

std::string render_description(const json& description) {
  std::string text = fmt::format("plugin {} {}\n", printable(text_of(description, "plugin")),
                                 printable(text_of(description, "version")));
  for (const auto& type : member(description, "types")) {
    text += "\n  " + printable(text_of(type, "name"));
    if (const auto help = text_of(type, "help"); !help.empty()) text += ": " + printable(help);
    text += '\n' + ports_of(type, "input") + ports_of(type, "output") + state_of(type) + parameters_of(type) +
            metrics_of(type);
  }
  return text;
}

}  // namespace steady::control
