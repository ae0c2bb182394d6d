// What a process uses, from /proc.
#pragma once

#include <cstdint>
#include <optional>

namespace steady::process {

struct Usage {
  double cpu_seconds = 0;
  std::uint64_t memory_bytes = 0;  ///< resident
};

/// Empty when the process is gone.
[[nodiscard]] std::optional<Usage> usage_of(int pid);

}  // namespace steady::process
