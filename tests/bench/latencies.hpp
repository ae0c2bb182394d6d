// Times of round trips, kept so that percentiles are exact to a percent; in the bare program and in the plugin beside it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

class Latencies {
 public:
  void record(std::uint64_t ns) {
    ++buckets_[bucket_of(ns)];
    ++count_;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// The time that this share of the round trips did not exceed, in nanoseconds; 0 when there were none.
  [[nodiscard]] double percentile(double share) const {
    const double wanted = share * static_cast<double>(count_);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
      seen += buckets_[bucket];
      if (seen != 0 && static_cast<double>(seen) >= wanted) return static_cast<double>(begin_of(bucket));
    }
    return 0;
  }

 private:
  static constexpr unsigned kBits = 7;  // of a time: 128 buckets between a power of two and the next
  static constexpr std::uint64_t kPart = 1 << kBits;
  static constexpr std::size_t kBuckets = 32 * kPart;  // the last one holds everything above some minutes

  static std::size_t bucket_of(std::uint64_t ns) {
    const auto width = static_cast<unsigned>(std::bit_width(ns));
    const unsigned shift = width > kBits + 1 ? width - kBits - 1 : 0;
    return std::min<std::size_t>(shift * kPart + (ns >> shift), kBuckets - 1);
  }
  static std::uint64_t begin_of(std::size_t bucket) {
    const std::uint64_t shift = bucket < 2 * kPart ? 0 : bucket / kPart - 1;
    return (bucket - shift * kPart) << shift;
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};
