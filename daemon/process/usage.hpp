// What a process uses, from /proc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace steady::process {

struct Usage {
  double cpu_seconds = 0;
  std::uint64_t memory_bytes = 0;  ///< resident
};

/// Empty when the process is gone.
[[nodiscard]] std::optional<Usage> usage_of(int pid);

/// What the scheduler has given to a thread, in all; zeros where the kernel does not say.
struct CoreTime {
  std::chrono::nanoseconds ran{};     ///< it had a core
  std::chrono::nanoseconds queued{};  ///< it was ready to run and had none; a wait that lasts is not in it yet
  bool ready = false;                 ///< at this moment it runs, or waits for a core
};
[[nodiscard]] CoreTime core_time_of(int pid, int thread);

/// How many processes the kernel has killed for lack of memory since the machine started; 0 where it does not say.
[[nodiscard]] std::uint64_t oom_kills();

}  // namespace steady::process
