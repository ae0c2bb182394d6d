// How a thread passes a moment without giving up its core.
#pragma once

namespace steady::worker {

/// Some nanoseconds, in which the core's other thread and the peers have the bus to themselves.
inline void relax(unsigned times = 1) {
  for (; times > 0; --times) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb");
#endif
  }
}

}  // namespace steady::worker
