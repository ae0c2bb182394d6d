// The clock of everything in steadyd; workers write their times with the same one.
#pragma once

#include <uv.h>

#include <chrono>

namespace steady::runtime {

inline std::chrono::nanoseconds monotonic_now() {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(uv_hrtime()));
}

}  // namespace steady::runtime
