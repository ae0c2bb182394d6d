#include "control/ctl/top_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/units.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/terminal.hpp"
#include "control/ctl/top.hpp"

namespace steady::control {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Keys and signals wait while the daemon is asked.
constexpr std::chrono::seconds kPatience(2);
constexpr milliseconds kShortestInterval(10);
constexpr int kEndedBySignal = 128;

struct Options {
  std::optional<std::uint64_t> rounds;
  std::string interval = "1s";
  std::string sort = "bottleneck";
};

/// Text for a file, a pipe, or a terminal that shall keep it.
int print(const std::string& socket, bool as_json, const View& view, milliseconds interval, std::uint64_t rounds) {
  for (std::uint64_t round = 0; round < rounds; ++round) {
    if (round > 0) std::this_thread::sleep_for(interval);
    const auto graph = ask(socket, "status", json::object());
    if (!graph) return refused(graph.error());
    if (round > 0 && !as_json) std::cout << '\n';
    std::cout << (as_json ? compact(*graph) + '\n' : render_top(*graph, view).text);
    if (!std::cout.flush()) return kNo;
  }
  return kDone;
}

/// What the daemon says now; when it does not, the graph stays and the view tells why.
void look(const std::string& socket, json& graph, View& view) {
  auto answer = ask(socket, "status", json::object(), kPatience);
  view.lost = answer ? "" : answer.error().message + "; trying again";
  if (answer) graph = std::move(*answer);
}

/// Until a key or a signal ends it.
int watch(const std::string& socket, View view, milliseconds interval) {
  auto first = ask(socket, "status", json::object(), kPatience);
  if (!first) return refused(first.error());
  json graph = std::move(*first);
  const auto terminal = Terminal::open();
  if (!terminal) return complain(terminal.error().message, kNo);
  auto next_look = steady_clock::now() + interval;
  for (;;) {
    const TopFrame frame = render_top(graph, view, screen());
    view.scroll = std::min(view.scroll, frame.scroll_max);
    if (!(*terminal)->draw(frame.text)) return kNo;
    const auto event = (*terminal)->wait(std::chrono::ceil<milliseconds>(next_look - steady_clock::now()));
    if (event.signal != 0) return kEndedBySignal + event.signal;
    for (const Key& key : event.keys)
      if (!press(view, key, frame.page)) return kDone;
    if (steady_clock::now() < next_look) continue;
    look(socket, graph, view);
    next_look = steady_clock::now() + interval;
  }
}

int top(const std::string& socket, bool as_json, const Options& options) {
  const auto interval = parse_duration(options.interval);
  if (!interval) throw CLI::ValidationError("--interval: " + interval.error().message);
  if (*interval < kShortestInterval) throw CLI::ValidationError("--interval: it is at least 10ms");
  const auto sort = parse_sort_key(options.sort);
  if (!sort) throw CLI::ValidationError("--sort: " + sort.error().message);
  View view;
  view.sort = *sort;
  const auto pause = std::chrono::ceil<milliseconds>(*interval);
  const bool interactive = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  if (interactive && !options.rounds && !as_json) return watch(socket, view, pause);
  return print(socket, as_json, view, pause, options.rounds.value_or(1));
}

}  // namespace

void add_top(CLI::App& app, const std::string& socket, const bool& as_json, int& result) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("top", "actors and channels, again and again, what holds others back first");
  command->add_option("-n", options->rounds, "print so many rounds as text; 1 when stdout is no terminal");
  command->add_option("--interval", options->interval, "from round to round")->capture_default_str();
  command->add_option("--sort", options->sort, "bottleneck, name, cpu, memory, rate, fill, latency or restarts")
      ->capture_default_str();
  command->callback([&socket, &as_json, &result, options] { result = top(socket, as_json, *options); });
}

}  // namespace steady::control
