// Which failure gets which treatment:
//   STEADY_ASSERT        our own bug, always on: the process says where and ends; a supervisor takes it from there
//   STEADY_DEBUG_ASSERT  the same, for checks too dear for the data path; off in release builds
//   Result               everything that input, peers, plugins or the kernel can cause
#pragma once

namespace steady {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace steady

#define STEADY_ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::steady::assertion_failed(#expression, __FILE__, __LINE__))

#ifdef NDEBUG
#define STEADY_DEBUG_ASSERT(expression) void(0)
#else
#define STEADY_DEBUG_ASSERT(expression) STEADY_ASSERT(expression)
#endif
