// The clock of everything that a worker measures: CLOCK_MONOTONIC, the same in every process of the machine. Any thread.
#pragma once

#include <time.h>

#include <cstdint>

namespace steady::worker {

/// Nanoseconds; never 0.
inline std::uint64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace steady::worker
