// One child process with its output, its control socket and its end. The only place of steadyd that starts processes.
// Loop thread only.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "base/uv_handle.hpp"
#include "process/lines.hpp"

namespace steady::process {

enum class Stream { Output, Error, Control };

/// How a process ended.
struct Ended {
  int code = 0;    ///< exit code, when signal is 0
  int signal = 0;  ///< the signal that ended it, or 0

  [[nodiscard]] bool clean() const { return code == 0 && signal == 0; }
  /// "exit code 3", "killed by signal 11 (Segmentation fault)".
  [[nodiscard]] std::string text() const;
};

/// The first descriptor number that a child gets besides stdin, stdout, stderr and the control socket.
inline constexpr int kFirstInheritedFd = 4;

struct Spawn {
  std::vector<std::string> command;  ///< program and arguments; one without a slash is looked for in PATH
  std::vector<int> inherit;          ///< the child sees them as kFirstInheritedFd, +1, ... and no others
  bool new_group = true;             ///< a group of its own: a terminal's Ctrl-C reaches only steadyd
  std::vector<std::string> environment{};  ///< NAME=VALUE each, beside our own and instead of what has the same name
};

class Process {
 public:
  struct Handlers {
    std::function<void(Stream, std::string_view)> on_line;
    /// Last call: the process is reaped and everything it wrote was handed to on_line. May destroy the Process.
    std::function<void(Ended)> on_end;
  };

  /// Errors: NotFound or Denied for the executable, Exhausted, System.
  [[nodiscard]] static Result<std::unique_ptr<Process>> spawn(uv_loop_t* loop, const Spawn& spawn, Handlers handlers);

  /// Kills a process that still runs, without waiting for it and without further calls.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// From now on others are told. Not from within on_line.
  void hand_to(Handlers handlers) { handlers_ = std::move(handlers); }

  [[nodiscard]] int pid() const { return pid_; }
  /// It has not ended, whether its end was reported or not.
  [[nodiscard]] bool lives() const;
  /// Queues `bytes` for the child's control socket; a child that is gone is no error. SIGPIPE must be ignored by then.
  void send(std::string bytes);
  /// Also reaches what the process has started itself.
  void kill(int signal);
  /// Only to one of its threads; `thread` is the kernel's number, 0 means the main thread.
  void signal_thread(int thread, int signal);

 private:
  struct Channel {
    Process* owner = nullptr;
    Stream stream = Stream::Output;
    UvHandle<uv_pipe_t> pipe{};
    Lines lines{64 * 1024};
  };

  explicit Process(Handlers handlers) : handlers_(std::move(handlers)) {}
  [[nodiscard]] Status start(uv_loop_t* loop, const Spawn& spawn);
  [[nodiscard]] Status watch(uv_loop_t* loop);
  void give_up();
  void reap();
  void listen(uv_loop_t* loop, Channel& channel, Stream which, UniqueFd end);
  void drain(Channel& channel);
  void ended(Ended how);

  Handlers handlers_;
  UniqueFd end_;  ///< a pidfd
  UvHandle<uv_poll_t> end_poll_;
  Channel channels_[3];
  int pid_ = 0;
  bool running_ = false;
  bool grouped_ = false;
};

}  // namespace steady::process
