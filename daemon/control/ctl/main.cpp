// steadyctl: the command line. Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 3 cannot reach the daemon.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/units.hpp"
#include "control/ctl/channel_commands.hpp"
#include "control/ctl/client.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/fields.hpp"
#include "control/ctl/incidents.hpp"
#include "control/ctl/inspect.hpp"
#include "control/ctl/letters.hpp"
#include "control/ctl/logs_command.hpp"
#include "control/ctl/status.hpp"
#include "control/ctl/table.hpp"
#include "control/ctl/top_command.hpp"
#include "control/ctl/tuning.hpp"

namespace {

using nlohmann::json;
using steady::Result;
using steady::control::compact;
using steady::control::complain;
using steady::control::refused;
using steady::control::screen;
using enum steady::control::ExitCode;

constexpr std::chrono::milliseconds kLookAgain(200);
constexpr std::chrono::seconds kUpgradeLimit(60);
constexpr std::uint64_t kIncidentsListed = 20;
constexpr std::uint64_t kLettersListed = 100;

struct Options {
  std::string socket = steady::control::default_socket_path();
  bool as_json = false;
  std::string actor;
  std::string plugin;
  std::string channel;
  std::optional<std::uint64_t> limit;
  std::vector<std::int64_t> ids;
  bool all = false;
  bool all_readers = false;
  std::string timeout;
};

Result<json> ask(const Options& options, const std::string& method, const json& params = json::object()) {
  return steady::control::ask(options.socket, method, params);
}

int status(const Options& options) {
  const auto graph = ask(options, "status");
  if (!graph) return refused(graph.error());
  if (options.as_json)
    std::cout << compact(*graph) << '\n';
  else
    std::cout << steady::control::render_status(*graph, screen());
  return kDone;
}

int graph(const Options& options, bool dot) {
  const auto answer = ask(options, "graph", {{"format", dot ? "dot" : "json"}});
  if (!answer) return refused(answer.error());
  std::cout << (answer->is_string() ? answer->get<std::string>() : compact(*answer)) << '\n';
  return kDone;
}

/// Commands that change something and have nothing to show.
int command(const Options& options, const std::string& method, const json& params) {
  const auto answer = ask(options, method, params);
  if (!answer) return refused(answer.error());
  if (options.as_json) std::cout << compact(*answer) << '\n';
  return kDone;
}

/// Asks, and shows the answer: as it is with --json, else as `render` has it.
int show(const Options& options, const std::string& method, const json& params,
         const std::function<std::string(const json&)>& render) {
  const auto answer = ask(options, method, params);
  if (!answer) return refused(answer.error());
  std::cout << (options.as_json ? compact(*answer) + '\n' : render(*answer));
  return kDone;
}

/// The filters that were given.
json filter_of(const Options& options) {
  json filter = json::object();
  if (!options.actor.empty()) filter["actor"] = options.actor;
  if (!options.channel.empty()) filter["channel"] = options.channel;
  return filter;
}

json filter_of(const Options& options, std::uint64_t limit) {
  json filter = filter_of(options);
  filter["limit"] = limit;
  return filter;
}

/// The letters that are meant: by their ids, or --all that the filters let through.
json chosen_letters(const Options& options) {
  if (options.all != options.ids.empty()) throw CLI::ValidationError("name the letters by their IDs, or say --all");
  return options.all ? filter_of(options) : json{{"ids", options.ids}};
}

int incidents(const Options& options) {
  if (!options.ids.empty())
    return show(options, "incident", {{"id", options.ids.front()}}, &steady::control::render_incident);
  return show(options, "incidents", filter_of(options, options.limit.value_or(kIncidentsListed)),
              [](const json& answer) { return steady::control::render_incidents(answer, screen()); });
}

int list_letters(const Options& options) {
  return show(options, "dlq_list", filter_of(options, options.limit.value_or(kLettersListed)),
              [](const json& answer) { return steady::control::render_letters(answer, screen()); });
}

int replay_letters(const Options& options) {
  auto params = chosen_letters(options);
  params["all_readers"] = options.all_readers;
  return show(options, "dlq_replay", params, &steady::control::render_replay);
}

int purge_letters(const Options& options) {
  return show(options, "dlq_purge", chosen_letters(options), &steady::control::render_purge);
}

json drain_params(const std::string& timeout) {
  if (timeout.empty()) return json::object();
  const auto limit = steady::parse_duration(timeout);
  if (!limit) throw CLI::ValidationError("--timeout: " + limit.error().message);
  return {{"timeout_ms", std::chrono::ceil<std::chrono::milliseconds>(*limit).count()}};
}

/// Returns what the daemon says of a drain when it is over.
Result<json> drained(const Options& options) {
  for (;; std::this_thread::sleep_for(kLookAgain)) {
    const auto graph = ask(options, "status");
    if (!graph) return graph;
    if (!steady::control::is_true(*graph, "draining")) return ask(options, "drain_report");
  }
}

int drain(const Options& options) {
  const auto begun = ask(options, "drain", drain_params(options.timeout));
  if (!begun) return refused(begun.error());
  const auto report = drained(options);
  if (!report) return refused(report.error());
  if (options.as_json) std::cout << compact(*report) << '\n';
  if (!options.as_json && steady::control::is_true(*report, "drained")) std::cout << "drained: every channel is empty\n";
  if (!options.as_json)
    for (const auto& line : steady::control::member(*report, "lines"))
      if (line.is_string()) std::cout << steady::control::printable(line.get<std::string>()) << '\n';
  return steady::control::is_true(*report, "drained") ? kDone : kNo;
}

/// Which life of the daemon answers; null while none does.
json instance_of(const Options& options) {
  const auto answer = ask(options, "version");
  return answer && answer->is_object() ? answer->value("instance", json()) : json();
}

/// The daemon asks its successor first, which takes a moment; then either it refuses, or the successor answers.
int upgrade(const Options& options) {
  const json before = instance_of(options);
  if (const auto begun = ask(options, "upgrade"); !begun) return refused(begun.error());
  const auto until = std::chrono::steady_clock::now() + kUpgradeLimit;
  while (std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kLookAgain);
    if (const json now = instance_of(options); !now.is_null() && now != before) {
      std::cout << (options.as_json ? compact({{"upgraded", true}}) : "upgraded") << '\n';
      return kDone;
    }
    const auto report = ask(options, "upgrade_report");
    if (report && report->is_object() && report->value("state", "") == "refused")
      return complain(report->value("why", "refused"), kNo);
  }
  return complain("steadyd does not answer again", kUnreachable);
}

int version(const Options& options) {
  const auto answer = ask(options, "version");
  const std::string daemon =
      answer && answer->is_object() ? answer->value("version", std::string("unknown")) : std::string();
  if (options.as_json) {
    std::cout << compact({{"steadyctl", STEADY_VERSION}, {"steadyd", answer ? json(daemon) : json()}}) << '\n';
  } else {
    std::cout << "steadyctl " STEADY_VERSION "\n";
    if (answer) std::cout << "steadyd " << steady::control::printable(daemon) << '\n';
  }
  return answer ? kDone : refused(answer.error());
}

int inspect(const Options& options) {
  const auto text = steady::control::describe_plugin(options.plugin);
  if (!text) return complain(text.error().message, kNo);
  if (options.as_json) {
    std::cout << *text;
    return kDone;
  }
  const json description = json::parse(*text, nullptr, false);
  if (description.is_discarded()) return complain("steadyd-worker printed no JSON", kNo);
  std::cout << steady::control::render_description(description);
  return kDone;
}

void add_actor_command(CLI::App& app, Options& options, int& result, const char* name, const char* help) {
  auto* sub = app.add_subcommand(name, help);
  sub->add_option("actor", options.actor, "the actor's name")->required();
  sub->callback([&options, &result, name] { result = command(options, name, {{"actor", options.actor}}); });
}

/// What is wrong with it, or nothing; as CLI11 asks.
std::string flaw_of_id(const std::string& text) {
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && text.find_first_not_of('0') != std::string::npos) return "";
  return "an ID is a positive number, found '" + text + "'";
}

void add_limit(CLI::App& command, Options& options, std::uint64_t unless_told) {
  command.add_option("-n", options.limit, "how many at most; " + std::to_string(unless_told) + " unless told");
}

void add_incidents(CLI::App& app, Options& options, int& result) {
  auto* command = app.add_subcommand("incidents", "deaths of workers, the newest first");
  auto* actor = command->add_option("actor", options.actor, "of this actor only");
  add_limit(*command, options, kIncidentsListed);
  command->add_option("--id", options.ids, "all that is known of this one")
      ->expected(1)
      ->check(&flaw_of_id)
      ->excludes(actor);
  command->callback([&] { result = incidents(options); });
}

void add_filters(CLI::App& command, Options& options, CLI::Option* needed = nullptr) {
  auto* actor = command.add_option("--actor", options.actor, "only what killed this actor");
  auto* channel = command.add_option("--channel", options.channel, "only what was in this channel");
  if (needed == nullptr) return;
  actor->needs(needed);
  channel->needs(needed);
}

CLI::App* add_choice(CLI::App& dlq, Options& options, const char* name, const char* help) {
  auto* command = dlq.add_subcommand(name, help);
  command->add_option("id", options.ids, "the letters' IDs")->check(&flaw_of_id);
  add_filters(*command, options, command->add_flag("--all", options.all, "all that are held, but for the filters"));
  return command;
}

void add_dead_letters(CLI::App& app, Options& options, int& result) {
  auto* dlq = app.add_subcommand("dlq", "dead letters: messages that were set aside because they killed their reader");
  dlq->require_subcommand(1);

  auto* list = dlq->add_subcommand("list", "the dead letters, the newest first");
  add_filters(*list, options);
  add_limit(*list, options, kLettersListed);
  list->callback([&] { result = list_letters(options); });

  auto* one = dlq->add_subcommand("show", "one letter with its payload");
  one->add_option("id", options.ids, "the letter's ID")->required()->expected(1)->check(&flaw_of_id);
  one->callback([&] {
    result = show(options, "dlq_show", {{"id", options.ids.front()}}, &steady::control::render_letter);
  });

  auto* replay = add_choice(*dlq, options, "replay", "put letters back on their channels");
  replay->add_flag("--all-readers", options.all_readers, "let every reader of the channel have them again");
  replay->callback([&] { result = replay_letters(options); });
  add_choice(*dlq, options, "purge", "delete letters for good")->callback([&] { result = purge_letters(options); });
}

void add_endings(CLI::App& app, Options& options, int& result) {
  auto* command = app.add_subcommand("drain", "stop the sources and wait until all that is under way is done");
  command->add_option("--timeout", options.timeout, "how long at most, like 30s");
  command->callback([&] { result = drain(options); });
  app.add_subcommand("upgrade", "replace the running steadyd by the one that is installed now")->callback([&] {
    result = upgrade(options);
  });
}

int run(int argc, char** argv) {
  CLI::App app("Talks to a running steadyd.", "steadyctl");
  Options options;
  int result = kDone;
  app.require_subcommand(1);
  app.fallthrough();  // --json may also stand behind the command
  app.set_version_flag("--version", "steadyctl " STEADY_VERSION);
  app.add_option("--socket", options.socket, "the daemon's control socket; also $STEADY_SOCKET")->capture_default_str();
  app.add_flag("--json", options.as_json, "print JSON for programs");

  app.add_subcommand("status", "actors, channels and supervisors now")->callback([&] { result = status(options); });
  steady::control::add_top(app, options.socket, options.as_json, result);
  steady::control::add_logs(app, options.socket, options.as_json, result);
  add_actor_command(app, options, result, "start", "start an actor that was stopped or has failed");
  add_actor_command(app, options, result, "stop", "stop an actor and keep it stopped");
  add_actor_command(app, options, result, "restart", "stop an actor and start its next generation");
  add_endings(app, options, result);
  add_incidents(app, options, result);
  add_dead_letters(app, options, result);
  steady::control::add_channel_commands(app, options.socket, result);
  steady::control::add_tuning(app, options.socket, options.as_json, result);
  app.add_subcommand("shutdown", "stop all actors and end steadyd")->callback([&] {
    result = command(options, "shutdown", json::object());
  });

  auto* graph_command = app.add_subcommand("graph", "the graph of actors and channels, as DOT unless --json");
  bool dot = false;
  graph_command->add_flag("--dot", dot, "print GraphViz DOT");
  graph_command->callback([&] { result = graph(options, dot || !options.as_json); });

  auto* inspect_command = app.add_subcommand("inspect", "what a plugin offers; needs no daemon");
  inspect_command->add_option("plugin", options.plugin, "the plugin's file or name")->required();
  inspect_command->callback([&] { result = inspect(options); });
  app.add_subcommand("version", "the versions of steadyctl and of the daemon")->callback([&] {
    result = version(options);
  });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const auto unknown = app.remaining(); error.get_name() == "RequiredError" && !unknown.empty())
      return complain("there is no command \"" + unknown.front() + "\"; --help lists them", kUsage);
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  // A full disk or a closed pipe must not look like success.
  return std::cout.flush() ? result : complain("cannot write the answer", kNo);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& exception) {
    return complain(exception.what(), kNo);
  }
}
