// Who pays for the sleep check. A publisher stores its position and then looks whether its peer sleeps; a sleeper says
// that it sleeps and then looks at the position once more. Between the two steps each side needs a full fence, or both
// can miss each other (SYNC(sleep), told in ring.hpp).
//
// With membarrier the sleeper, who is about to lose microseconds anyway, runs the fence on every core that a publisher
// uses, and the publisher goes without: a factor of ten at one message per commit.
#pragma once

#include <atomic>

namespace steady::ipc {

enum class FenceMode {
  Membarrier,  ///< every process of the graph has registered for membarrier(GLOBAL_EXPEDITED)
  Full,        ///< the kernel or a sandbox refuses it: both sides fence
};

/// Registers this process as one that publishes; false when the kernel refuses. Once per process, before any publish.
bool register_membarrier();

/// The sleeper's fence. Any thread.
void sleeper_fence(FenceMode mode);

/// The publisher's fence.
inline void publisher_fence(FenceMode mode) {
  if (mode == FenceMode::Membarrier) {
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the compiler alone; the sleeper's membarrier does the rest
  } else {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
}

}  // namespace steady::ipc
