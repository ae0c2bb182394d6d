// Both sides of a histogram in shared memory: the data path records, steadyd copies. One writer, any number of observers;
// neither waits for the other.
#pragma once

#include <cstdint>

#include "base/histogram.hpp"
#include "ipc/layout.hpp"

namespace steady::ipc {

/// Counts `value` for `weight` events. The words' only writer.
void record(HistogramWords& words, std::uint64_t value, std::uint64_t weight);

/// Changes with whatever is recorded, and is cheap to look at; a copy made after it holds all that it stands for.
[[nodiscard]] std::uint64_t recorded(const HistogramWords& words);

/// What the words say now. They are a peer's: sums that no samples can have are replaced by what the buckets allow.
[[nodiscard]] Histogram copy(const HistogramWords& words);

}  // namespace steady::ipc
