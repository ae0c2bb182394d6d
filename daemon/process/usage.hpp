// What a process uses, from /proc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/unique_fd.hpp"

namespace steady::process {

/// Memory of a process that is resident now; empty when the process is gone.
[[nodiscard]] std::optional<std::uint64_t> resident_bytes_of(int pid);

/// What the scheduler has given to a thread, in all; zeros where the kernel does not say.
struct CoreTime {
  std::chrono::nanoseconds ran{};     ///< it had a core
  std::chrono::nanoseconds queued{};  ///< it was ready to run and had none; a wait that lasts is not in it yet
  bool ready = false;                 ///< at this moment it runs, or waits for a core
  bool stopped = false;               ///< by a signal, or a debugger
  int core = -1;                      ///< where it ran last; -1: unknown
  std::uint64_t turns = 0;            ///< how often it was put on a core
};

/// Looks at one thread again and again. Its file stays open, one descriptor: to open it costs several times what reading
/// does, and an open one never speaks of another thread that was given the same number. Loop thread only.
class CoreMeter {
 public:
  /// A thread that has slept since the last look costs one system call. Of one that is gone: nothing, core -1.
  [[nodiscard]] CoreTime look(int pid, int thread);

 private:
  int pid_ = -1;
  int thread_ = -1;
  UniqueFd file_;
  CoreTime last_;
};

/// The same, once.
[[nodiscard]] inline CoreTime core_time_of(int pid, int thread) { return CoreMeter().look(pid, thread); }

/// How many processes the kernel has killed for lack of memory since the machine started; 0 where it does not say.
[[nodiscard]] std::uint64_t oom_kills();

}  // namespace steady::process
