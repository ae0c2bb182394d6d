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
#include "runtime/upgrade.hpp"

namespace steady::runtime {
namespace {

constexpr int kUsageExitCode = 2;

char** command_line = nullptr;  ///< of main()

struct Arguments {
  std::string config = "/etc/steadyd/steadyd.yaml";
  std::string check_file;
  std::string log_level = "info";
  Options options;
};

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
    std::fputs(config::print(loaded.diagnostics).c_str(), stderr);
    return 1;
  }
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
      std::fprintf(stderr, "steadyd: %s\n", daemon.error().message.c_str());
    }
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  return upgrade ? become_successor() : exit_code;
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
  CLI::App* const check_command = app.add_subcommand("check", "validate a configuration and start nothing");
  check_command->add_option("FILE", arguments.check_file, "configuration file")->required();
  CLI::App* const contract_command =
      app.add_subcommand("contract", "what must agree for a running service to go on under this binary, as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageExitCode;
  }
  if (const auto set = log::set_level(arguments.log_level); !set) {
    std::fprintf(stderr, "steadyd: --log-level: %s\n", set.error().message.c_str());
    return kUsageExitCode;
  }
  if (contract_command->parsed()) return std::puts(print(own_contract()).c_str()) < 0 ? 1 : 0;
  if (check_command->parsed()) return check(arguments.check_file);
  return serve(std::move(arguments));
}

}  // namespace
}  // namespace steady::runtime

int main(int argc, char** argv) { return steady::runtime::run(argc, argv); }
