// How many rows, as SQL takes it. Pure functions; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace steady::records {

/// SQL reads a negative LIMIT as none and a negative OFFSET as 0; a large count must become neither.
[[nodiscard]] constexpr std::int64_t row_limit(std::size_t count) {
  return static_cast<std::int64_t>(std::min<std::size_t>(count, INT64_MAX));
}

}  // namespace steady::records
