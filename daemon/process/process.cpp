#include "process/process.hpp"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace steady::process {

std::string Ended::text() const {
  if (signal == 0) return "exit code " + std::to_string(code);
  return "killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

Result<std::unique_ptr<Process>> Process::spawn(uv_loop_t* loop, const Spawn& spawn, Handlers handlers) {
  std::unique_ptr<Process> made(new Process(std::move(handlers)));
  if (auto started = made->start(loop, spawn); !started) return tl::unexpected(std::move(started.error()));
  return made;
}

Status Process::start(uv_loop_t* loop, const Spawn& spawn) {
  buffer_.resize(64 * 1024);
  constexpr Stream kStreams[] = {Stream::Output, Stream::Error, Stream::Control};
  for (std::size_t i = 0; i < 3; ++i) {
    Channel& channel = channels_[i];
    channel.owner = this;
    channel.stream = kStreams[i];
    channel.pipe = UvHandle<uv_pipe_t>::create(&channel);
    uv_pipe_init(loop, channel.pipe.get(), 0);
  }
  std::vector<uv_stdio_container_t> stdio(kFirstInheritedFd + spawn.inherit.size());
  stdio[0].flags = UV_IGNORE;
  const auto pipe_to = [](Channel& channel, int flags) {
    uv_stdio_container_t container{};
    container.flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | flags);
    container.data.stream = channel.pipe.stream();
    return container;
  };
  stdio[1] = pipe_to(channels_[0], UV_WRITABLE_PIPE);
  stdio[2] = pipe_to(channels_[1], UV_WRITABLE_PIPE);
  stdio[3] = pipe_to(channels_[2], UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  for (std::size_t i = 0; i < spawn.inherit.size(); ++i) {
    stdio[kFirstInheritedFd + i].flags = UV_INHERIT_FD;
    stdio[kFirstInheritedFd + i].data.fd = spawn.inherit[i];
  }
  std::vector<char*> arguments;
  for (const std::string& argument : spawn.command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  uv_process_options_t options{};
  options.file = arguments[0];
  options.args = arguments.data();
  options.stdio = stdio.data();
  options.stdio_count = static_cast<int>(stdio.size());
  if (spawn.new_group) options.flags = UV_PROCESS_DETACHED;
  options.exit_cb = [](uv_process_t* process, int64_t code, int signal) {
    static_cast<Process*>(process->data)->ended({static_cast<int>(code), signal});
  };
  process_ = UvHandle<uv_process_t>::create(this);
  // Ours are all close-on-exec; what our own parent left open is not, and would reach every plugin.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (const int status = uv_spawn(loop, process_.get(), &options); status != 0)
    return fail_errno("cannot start " + spawn.command[0], -status);
  pid_ = process_.get()->pid;
  grouped_ = spawn.new_group;
  running_ = true;
  for (Channel& channel : channels_) listen(channel);
  return {};
}

void Process::listen(Channel& channel) {
  uv_read_start(
      channel.pipe.stream(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        std::string& memory = static_cast<Channel*>(handle->data)->owner->buffer_;
        *buffer = uv_buf_init(memory.data(), static_cast<unsigned>(memory.size()));
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
      const auto wanted = std::min(buffer_.size(), static_cast<std::size_t>(waiting));
      const ssize_t count = ::read(fd, buffer_.data(), wanted);  // non-blocking: libuv made it so
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      channel.lines.feed({buffer_.data(), static_cast<std::size_t>(count)}, on_line);
      waiting -= static_cast<int>(count);
    }
  }
  channel.lines.finish(on_line);
  channel.pipe.reset();
}

void Process::ended(Ended how) {
  running_ = false;
  if (grouped_) ::kill(-pid_, SIGKILL);  // what it had started itself must not outlive it
  for (Channel& channel : channels_) drain(channel);
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
