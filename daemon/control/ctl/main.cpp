// steadyctl: the command line. Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 3 cannot reach the daemon.
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "control/ctl/client.hpp"
#include "control/ctl/inspect.hpp"
#include "control/ctl/status.hpp"
#include "control/ctl/table.hpp"

namespace {

using nlohmann::json;
using steady::Error;
using steady::ErrorCode;
using steady::Result;

enum ExitCode { kDone = 0, kNo = 1, kUsage = 2, kUnreachable = 3 };

struct Options {
  std::string socket = steady::control::default_socket_path();
  bool as_json = false;
  std::string actor;
  std::string plugin;
};

steady::control::Screen screen() {
  if (::isatty(STDOUT_FILENO) != 1) return {};
  steady::control::Screen result;
  const char* refused = std::getenv("NO_COLOR");
  result.colours = refused == nullptr || *refused == '\0';
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) result.width = size.ws_col;
  return result;
}

std::string compact(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

int complain(const std::string& message, ExitCode code) {
  std::cerr << "steadyctl: " << steady::control::printable(message) << '\n';
  return code;
}

Result<json> ask(const Options& options, const std::string& method, const json& params = json::object()) {
  auto client = steady::control::Client::connect(options.socket);
  // Whatever kept us from the daemon, it did not say no: Invalid is reserved for that.
  if (!client) return steady::fail(ErrorCode::System, client.error().message);
  return client->call(method, params);
}

int refused(const Error& error) {
  return complain(error.message, error.code == ErrorCode::Invalid ? kNo : kUnreachable);
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
  add_actor_command(app, options, result, "start", "start an actor that was stopped or has failed");
  add_actor_command(app, options, result, "stop", "stop an actor and keep it stopped");
  add_actor_command(app, options, result, "restart", "stop an actor and start its next generation");
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
