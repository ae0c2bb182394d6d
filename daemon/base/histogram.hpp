// A log-linear histogram: eight buckets per power of two, so that every value is known to within an eighth. Values are
// counts of something without a sign (nanoseconds, messages). Plain values; pure; any thread.
//
// The idea is HdrHistogram's (G. Tene): buckets of equal width between two powers of two give the same relative error at
// every scale, and a bucket's number takes a few instructions.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace steady {

inline constexpr unsigned kHistogramSubBits = 3;  ///< 2^3 buckets per power of two
inline constexpr unsigned kHistogramValueBits = 40;
/// Larger values count as this one: 18 minutes in nanoseconds.
inline constexpr std::uint64_t kHistogramLargest = (std::uint64_t{1} << kHistogramValueBits) - 1;
inline constexpr std::size_t kHistogramBuckets =
    std::size_t{kHistogramValueBits - kHistogramSubBits + 1} << kHistogramSubBits;

/// The bucket that counts `value`: the first eight hold one value each.
[[nodiscard]] constexpr std::size_t histogram_bucket(std::uint64_t value) {
  if (value >> kHistogramValueBits != 0) return kHistogramBuckets - 1;
  const unsigned bits = static_cast<unsigned>(std::bit_width(value));
  if (bits <= kHistogramSubBits) return value;
  const unsigned shift = bits - kHistogramSubBits - 1;
  return (std::size_t{shift} << kHistogramSubBits) + (value >> shift);
}

/// The smallest value that `bucket` counts; of kHistogramBuckets, one more than the largest.
[[nodiscard]] constexpr std::uint64_t histogram_floor(std::size_t bucket) {
  constexpr std::size_t kSub = std::size_t{1} << kHistogramSubBits;
  if (bucket < 2 * kSub) return bucket;
  const std::size_t shift = bucket / kSub - 1;
  return (kSub + bucket % kSub) << shift;
}

static_assert(histogram_bucket(0) == 0 && histogram_bucket(15) == 15 && histogram_bucket(16) == 16);
static_assert(histogram_bucket(kHistogramLargest) == kHistogramBuckets - 1);
static_assert(histogram_floor(kHistogramBuckets) == kHistogramLargest + 1);

/// Counts, as copied from shared memory or made here. Each sample has a weight: the number of events it stands for.
struct Histogram {
  std::uint64_t count = 0;    ///< sum of the weights
  double sum = 0;             ///< of value × weight
  double sum_of_squares = 0;  ///< of value² × weight
  std::array<std::uint64_t, kHistogramBuckets> buckets{};

  void add(std::uint64_t value, std::uint64_t weight = 1);
  /// What was added since `before`, an earlier copy of the same histogram. One that is no earlier copy, since the
  /// histogram began anew, counts as empty.
  [[nodiscard]] Histogram since(const Histogram& before) const;

  // All zero when nothing was counted.
  [[nodiscard]] double mean() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
  [[nodiscard]] double deviation() const;  ///< standard deviation
  [[nodiscard]] double min() const;        ///< the lowest value of the first bucket in use
  [[nodiscard]] double max() const;        ///< the highest value of the last bucket in use
  /// The value that `percent` (0 to 100) of the events do not exceed: the middle of its bucket.
  [[nodiscard]] double percentile(double percent) const;
  /// Several of them, which rise, in one pass: into `values[i]` what percentile(percents[i]) is.
  void percentiles(std::span<const double> percents, std::span<double> values) const;
};

}  // namespace steady
