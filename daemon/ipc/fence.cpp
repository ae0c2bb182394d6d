#include "ipc/fence.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.hpp"

namespace steady::ipc {
namespace {

long membarrier(int command) { return ::syscall(SYS_membarrier, command, 0, 0); }

}  // namespace

bool register_membarrier() {
  const long supported = membarrier(MEMBARRIER_CMD_QUERY);
  if (supported < 0 || (supported & MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0) return false;
  return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0;
}

void sleeper_fence(FenceMode mode) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // Registered processes were asked for at start; a refusal now would mean lost wake-ups, so it is our bug.
  if (mode == FenceMode::Membarrier) STEADY_ASSERT(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0);
}

}  // namespace steady::ipc
