// Where an end of a ring stands. A plain value.
#pragma once

#include <cstdint>

namespace steady::ipc {

/// Counted since the ring was created; the only things that a commit changes in a ring.
struct Position {
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
};

}  // namespace steady::ipc
