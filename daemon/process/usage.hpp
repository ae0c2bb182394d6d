// What a process uses, from /proc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

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
/// `before`: what it said last, if at all; a thread that has slept ever since costs half as much to look at.
[[nodiscard]] CoreTime core_time_of(int pid, int thread, const CoreTime& before = {});

/// How many processes the kernel has killed for lack of memory since the machine started; 0 where it does not say.
[[nodiscard]] std::uint64_t oom_kills();

}  // namespace steady::process
