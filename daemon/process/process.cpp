#include "process/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "process/launch.hpp"

namespace steady::process {

std::string Ended::text() const {
  if (signal == 0) return "exit code " + std::to_string(code);
  return "killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

namespace {

/// What is read lies here until on_line() has seen it: one for all processes, as libuv fills and hands on in one go.
std::array<char, 64 * 1024>& read_buffer() {
  static std::array<char, 64 * 1024> buffer;
  return buffer;
}

/// `words` as the kernel wants them. The words must outlive it.
std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Our own environment with `added`.
std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** own = environ; *own != nullptr; ++own) {
    const std::string_view variable = *own;
    const std::string_view name = variable.substr(0, variable.find('=') + 1);
    const auto replaces = [&](const std::string& other) { return other.starts_with(name); };
    if (std::ranges::none_of(added, replaces)) all.emplace_back(variable);
  }
  return all;
}

/// The child's descriptors, each at its number.
class Ends {
 public:
  explicit Ends(std::size_t count) : fds_(count, -1) {}

  /// The child gets a copy of `fd` as `number`.
  void give(int fd, std::size_t number) { fds_[number] = fd; }

  /// The child has nothing to read.
  [[nodiscard]] Status connect_input() {
    owned_.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!owned_.back()) return fail_errno("/dev/null");
    give(owned_.back().get(), STDIN_FILENO);
    return {};
  }

  /// A pipe from the child's `number`, or a socket pair for both ways; returns our end.
  [[nodiscard]] Result<UniqueFd> connect(std::size_t number, bool both_ways) {
    int ends[2] = {-1, -1};
    const int made = both_ways ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) : ::pipe2(ends, O_CLOEXEC);
    if (made != 0) return fail_errno(both_ways ? "socketpair" : "pipe");
    owned_.emplace_back(ends[1]);
    give(ends[1], number);
    return UniqueFd(ends[0]);
  }

  [[nodiscard]] Result<int> launch(const Spawn& spawn) const {
    const std::vector<std::string> variables = environment_with(spawn.environment);
    return process::launch({pointers_to(spawn.command), pointers_to(variables)}, fds_, spawn.new_group);
  }

 private:
  std::vector<int> fds_;  ///< by the child's number
  std::vector<UniqueFd> owned_;
};

}  // namespace

Result<std::unique_ptr<Process>> Process::spawn(uv_loop_t* loop, const Spawn& spawn, Handlers handlers) {
  std::unique_ptr<Process> made(new Process(std::move(handlers)));
  if (auto started = made->start(loop, spawn); !started) return tl::unexpected(std::move(started.error()));
  return made;
}

Status Process::start(uv_loop_t* loop, const Spawn& spawn) {
  constexpr Stream kStreams[] = {Stream::Output, Stream::Error, Stream::Control};
  Ends theirs(kFirstInheritedFd + spawn.inherit.size());
  if (auto connected = theirs.connect_input(); !connected)
    return fail(std::move(connected.error()), "cannot start " + spawn.command[0]);
  std::array<UniqueFd, std::size(kStreams)> ours;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    auto end = theirs.connect(i + 1, kStreams[i] == Stream::Control);
    if (!end) return fail(std::move(end.error()), "cannot start " + spawn.command[0]);
    ours[i] = std::move(*end);
  }
  for (std::size_t i = 0; i < spawn.inherit.size(); ++i) theirs.give(spawn.inherit[i], kFirstInheritedFd + i);
  const auto pid = theirs.launch(spawn);
  if (!pid) return tl::unexpected(pid.error());
  pid_ = *pid;
  grouped_ = spawn.new_group;
  running_ = true;
  for (std::size_t i = 0; i < ours.size(); ++i) listen(loop, channels_[i], kStreams[i], std::move(ours[i]));
  auto watched = watch(loop);
  if (!watched) give_up();
  return watched;
}

/// Of a process whose end could not be noticed: it must be gone before anybody starts another in its place.
void Process::give_up() {
  kill(SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  running_ = false;
}

/// The kernel makes the descriptor readable when the process is over.
Status Process::watch(uv_loop_t* loop) {
  end_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!end_) return fail_errno("pidfd_open");
  end_poll_ = UvHandle<uv_poll_t>::create(this);
  uv_poll_init(loop, end_poll_.get(), end_.get());
  uv_poll_start(end_poll_.get(), UV_READABLE, [](uv_poll_t* poll, int, int) {
    static_cast<Process*>(poll->data)->reap();
  });
  return {};
}

bool Process::lives() const {
  pollfd end{end_.get(), POLLIN, 0};
  return running_ && ::poll(&end, 1, 0) == 0;
}

void Process::reap() {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return;
  ended(WIFSIGNALED(status) ? Ended{0, WTERMSIG(status)} : Ended{WEXITSTATUS(status), 0});
}

void Process::listen(uv_loop_t* loop, Channel& channel, Stream which, UniqueFd end) {
  channel.owner = this;
  channel.stream = which;
  channel.pipe = UvHandle<uv_pipe_t>::create(&channel);
  uv_pipe_init(loop, channel.pipe.get(), 0);
  uv_pipe_open(channel.pipe.get(), end.release());
  uv_read_start(
      channel.pipe.stream(),
      [](uv_handle_t*, std::size_t, uv_buf_t* buffer) {
        *buffer = uv_buf_init(read_buffer().data(), static_cast<unsigned>(read_buffer().size()));
      },
      [](uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
        auto& from = *static_cast<Channel*>(stream->data);
        if (count < 0) {
          uv_read_stop(stream);
        } else if (count > 0) {
          from.lines.feed({buffer->base, static_cast<std::size_t>(count)},
                          [&](std::string_view line) { from.owner->handlers_.on_line(from.stream, line); });
        }
      });
}

/// The process is gone, so all that it ever wrote is in the kernel: read that much now, without waiting for anyone who
/// may have inherited the other end, and without following one that goes on writing.
void Process::drain(Channel& channel) {
  const auto on_line = [&](std::string_view line) { handlers_.on_line(channel.stream, line); };
  int fd = -1;
  int waiting = 0;
  if (uv_fileno(channel.pipe.base(), &fd) == 0 && ::ioctl(fd, FIONREAD, &waiting) == 0) {
    while (waiting > 0) {
      const auto wanted = std::min(read_buffer().size(), static_cast<std::size_t>(waiting));
      const ssize_t count = ::read(fd, read_buffer().data(), wanted);  // non-blocking: libuv made it so
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      channel.lines.feed({read_buffer().data(), static_cast<std::size_t>(count)}, on_line);
      waiting -= static_cast<int>(count);
    }
  }
  channel.lines.finish(on_line);
}

void Process::ended(Ended how) {
  running_ = false;
  if (grouped_) ::kill(-pid_, SIGKILL);  // what it had started itself must not outlive it
  for (Channel& channel : channels_) drain(channel);
  // Closed once on_end() has returned: that takes a while, and another process may be waiting to be started.
  const UniqueFd end = std::move(end_);
  const UvHandle<uv_poll_t> end_poll = std::move(end_poll_);
  const std::array pipes{std::move(channels_[0].pipe), std::move(channels_[1].pipe), std::move(channels_[2].pipe)};
  const auto on_end = std::move(handlers_.on_end);
  on_end(how);  // may destroy this
}

Process::~Process() {
  kill(SIGKILL);
}

void Process::send(std::string bytes) {
  struct Write {
    uv_write_t request;
    std::string bytes;
  };
  if (!channels_[2].pipe) return;
  auto* const write = new Write{{}, std::move(bytes)};
  write->request.data = write;
  const uv_buf_t buffer = uv_buf_init(write->bytes.data(), static_cast<unsigned>(write->bytes.size()));
  const auto done = [](uv_write_t* request, int) { delete static_cast<Write*>(request->data); };
  if (uv_write(&write->request, channels_[2].pipe.stream(), &buffer, 1, done) != 0) delete write;
}

void Process::signal_thread(int thread, int signal) {
  if (running_) ::syscall(SYS_tgkill, pid_, thread == 0 ? pid_ : thread, signal);
}

void Process::kill(int signal) {
  if (running_) ::kill(grouped_ ? -pid_ : pid_, signal);
}

}  // namespace steady::process
