// Where the memory of a ring is: on which NUMA node, in pages of which size, and whether it may be paged out. Both ends
// ask for it when they map the ring; the first to come moves the pages, the others find them in place.
#pragma once

#include "base/result.hpp"
#include "ipc/segment.hpp"

namespace steady::ipc {

struct RingMemory {
  int numa = -1;            ///< the node that its pages are to be on; -1: any
  bool lock = false;        ///< ring and readers' pages stay mapped and in RAM while this end is open
  bool huge_pages = false;  ///< of whatever part of a mapping is as large as one and aligned to it
};

/// map_ring() with the memory as asked for. Errors: as map_ring(); what the kernel refuses.
[[nodiscard]] Result<Mapping> map_ring(int fd, Access access, const RingMemory& memory);

/// map_segment() of a reader's page likewise.
[[nodiscard]] Result<Mapping> map_reader(int fd, Access access, const RingMemory& memory);

}  // namespace steady::ipc
