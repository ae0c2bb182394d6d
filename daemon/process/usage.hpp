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

/// How long a thread was ready to run and had no core, in all; zero where the kernel does not say.
[[nodiscard]] std::chrono::nanoseconds queued_time(int pid, int thread);

/// How many processes the kernel has killed for lack of memory since the machine started; 0 where it does not say.
[[nodiscard]] std::uint64_t oom_kills();

}  // namespace steady::process
