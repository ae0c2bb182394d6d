// Takes the place that the configuration gives a worker: CPUs, priority, memory. steadyd has held it against the machine,
// so what the kernel refuses here is what only the kernel knows.
#pragma once

#include "base/result.hpp"
#include "ipc/protocol.hpp"

namespace steady::worker {

/// For the whole process and all that it starts. Call while it has one thread: the others inherit it. Errors: the key and
/// what the kernel said.
[[nodiscard]] Status take_place(const ipc::WorkerPlacement& placement);

}  // namespace steady::worker
