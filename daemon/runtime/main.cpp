// steadyd: reads a configuration, runs its actors, and keeps them running.
#include <unistd.h>
#include <uv.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/log.hpp"
#include "base/plugin_path.hpp"
#include "config/load.hpp"
#include "runtime/check.hpp"
#include "runtime/daemon.hpp"
#include "runtime/directories.hpp"
#include "runtime/log_output.hpp"
#include "runtime/upgrade.hpp"

namespace steady::runtime {
namespace {

constexpr int kUsageExitCode = 2;

char** command_line = nullptr;  ///< of main()

struct Arguments {
  std::string config = "/etc/steadyd/steadyd.yaml";
  std::string check_file;
  std::string log_level = "info";
  std::string log_format;  ///< empty: as the file says
  Options options;
};

/// Why steadyd cannot run: a text for people, or a line of the log where programs read it.
void complain(const std::string& text, const std::string& prefix = "") {
  if (log::format() == log::Format::Human)
    std::fputs((prefix + text + "\n").c_str(), stderr);
  else
    log::error(text);
}

/// What the command line leaves open: directories by custom, the address from the file.
bool complete(Options& options, const config::Graph& graph) {
  if (options.runtime_directory.empty()) options.runtime_directory = default_runtime_directory();
  if (options.state_directory.empty()) options.state_directory = default_state_directory();
  if (options.runtime_directory.empty() || options.state_directory.empty()) {
    log::error("There is no directory to run in: set XDG_RUNTIME_DIR and HOME, or give --runtime-dir and --state-dir");
    return false;
  }
  if (options.socket.empty()) options.socket = options.runtime_directory + "/steadyd.sock";
  if (options.listen.empty()) options.listen = graph.telemetry.listen;
  return true;
}

/// The same process under the binary that is installed now, with the same command line. Every descriptor of ours is
/// close-on-exec, so locks and sockets are free again. Returns only when that failed.
int become_successor() {
  const std::string path = executable_directory() + "/steadyd";
  command_line[0] = const_cast<char*>(path.c_str());
  ::execv(path.c_str(), command_line);
  log::error("The upgraded steadyd could not be started", {{"file", path}, {"why", std::strerror(errno)}});
  return 1;
}

int serve(Arguments arguments) {
  config::Loaded loaded = config::load_file(arguments.config);
  if (!loaded.diagnostics.empty()) {
    for (const config::Diagnostic& diagnostic : loaded.diagnostics) complain(diagnostic.text());
    return 1;
  }
  if (arguments.log_format.empty()) use_log_format(log_format(loaded.graph.log));
  arguments.options.config = arguments.config;
  if (!complete(arguments.options, loaded.graph)) return 1;
  uv_loop_t loop;
  uv_loop_init(&loop);
  int exit_code = 1;
  bool upgrade = false;
  {
    auto daemon = Daemon::create(&loop, std::move(arguments.options), std::move(loaded.graph));
    if (daemon) {
      exit_code = (*daemon)->run();
      upgrade = (*daemon)->wants_upgrade();
    } else {
      complain(daemon.error().message, "steadyd: ");
    }
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  return upgrade ? become_successor() : exit_code;
}

int usage_error(const char* option, const Error& error) {
  std::fprintf(stderr, "steadyd: %s: %s\n", option, error.message.c_str());
  return kUsageExitCode;
}

int run(int argc, char** argv) {
  command_line = argv;
  Arguments arguments;
  CLI::App app{"steadyd hosts actors as plugins and keeps them running.", "steadyd"};
  app.set_version_flag("--version", std::string("steadyd ") + STEADY_VERSION);
  app.add_option("--config", arguments.config, "configuration file")->capture_default_str();
  app.add_option("--runtime-dir", arguments.options.runtime_directory, "channels, control socket; best in memory");
  app.add_option("--state-dir", arguments.options.state_directory, "what outlives a reboot");
  app.add_option("--listen", arguments.options.listen, "ADDR:PORT of the page and metrics, or off");
  app.add_option("--socket", arguments.options.socket, "control socket");
  app.add_option("--log-level", arguments.log_level, "trace, debug, info, warn, error")->capture_default_str();
  app.add_option("--log-format", arguments.log_format, "auto, human, json, journald; wins over the configuration");
  CLI::App* const check_command = app.add_subcommand("check", "validate a configuration and start nothing");
  check_command->add_option("FILE", arguments.check_file, "configuration file")->required();
  CLI::App* const contract_command =
      app.add_subcommand("contract", "what must agree for a running service to go on under this binary, as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageExitCode;
  }
  if (const auto set = log::set_level(arguments.log_level); !set) return usage_error("--log-level", set.error());
  const auto format = log::parse_format(arguments.log_format.empty() ? "auto" : arguments.log_format);
  if (!format) return usage_error("--log-format", format.error());
  use_log_format(*format);
  if (contract_command->parsed()) return std::puts(print(own_contract()).c_str()) < 0 ? 1 : 0;
  if (check_command->parsed()) return check(arguments.check_file);
  return serve(std::move(arguments));
}

}  // namespace
}  // namespace steady::runtime

int main(int argc, char** argv) { return steady::runtime::run(argc, argv); }
