// The clocks of steadyd: the monotonic one for everything that it decides, which workers write their times with, too; the
// calendar only for records.
#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>

namespace steady::runtime {

inline std::chrono::nanoseconds monotonic_now() {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(uv_hrtime()));
}

inline std::int64_t unix_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

}  // namespace steady::runtime
