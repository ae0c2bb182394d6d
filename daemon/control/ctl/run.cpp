#include "control/ctl/run.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/unique_fd.hpp"

namespace steady::control {
namespace {

constexpr std::size_t kOutputBytesMax = 16 * 1024 * 1024;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<pid_t> spawn(std::vector<std::string>& command, int output) {
  std::vector<char*> arguments;
  for (auto& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, arguments.front(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno("starting " + command.front(), error);
  return pid;
}

Result<std::string> read_to_end(int fd) {
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("read");
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kOutputBytesMax) return fail(ErrorCode::Invalid, "it prints without end");
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string ending_of(int status) {
  if (!WIFSIGNALED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
  return "signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ')';
}

}  // namespace

Result<Outcome> run(std::vector<std::string> command) {
  auto pipe = make_pipe();
  if (!pipe) return tl::unexpected<Error>(pipe.error());
  const auto pid = spawn(command, pipe->write_end.get());
  if (!pid) return tl::unexpected<Error>(pid.error());
  pipe->write_end.reset();  // else our own end would keep the pipe open

  auto output = read_to_end(pipe->read_end.get());
  pipe->read_end.reset();
  if (!output) ::kill(*pid, SIGKILL);  // not SIGPIPE alone: it may have inherited that this is ignored
  const int status = wait_for(*pid);
  if (!output) return fail(std::move(output.error()), command.front());
  return Outcome{std::move(*output), WIFEXITED(status) && WEXITSTATUS(status) == 0, ending_of(status)};
}

}  // namespace steady::control
