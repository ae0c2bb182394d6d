// What the files under /proc say. Pure functions of their text; each throws std::runtime_error when it does not find
// what it looks for.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace steady::proc {

/// The processor time since boot, of all processors together, in clock ticks.
struct CpuTimes {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;
};

struct Memory {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes = 0;
};

/// From /proc/stat. Waiting for a disk counts as idle.
[[nodiscard]] CpuTimes read_cpu_times(std::string_view stat);

/// From /proc/loadavg: over 1, 5 and 15 minutes.
[[nodiscard]] std::array<double, 3> read_load(std::string_view loadavg);

/// From /proc/meminfo.
[[nodiscard]] Memory read_memory(std::string_view meminfo);

/// The share of all processors that was busy in between, 0 to 100; 0 when no time went by.
[[nodiscard]] double busy_percent(const CpuTimes& before, const CpuTimes& after);

}  // namespace steady::proc
