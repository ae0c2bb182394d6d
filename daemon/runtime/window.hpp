// The last seconds of one quantity. Plain values; pure.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/histogram.hpp"
#include "config/model.hpp"
#include "observe/snapshot.hpp"

namespace steady::runtime {

/// The latest samples of something that is looked at again and again: with the default frame, those of ten seconds.
class SampleWindow {
 public:
  void add(double value);

  [[nodiscard]] observe::Statistic statistic() const;
  /// Empty before the first sample.
  [[nodiscard]] std::optional<double> aggregate(const config::Aggregate& how) const;
  /// Of the last `samples`; 0 when there are none.
  [[nodiscard]] double recent_mean(std::size_t samples) const;

 private:
  [[nodiscard]] std::vector<float> values() const;

  static constexpr std::uint32_t kSamples = 100;
  std::array<float, kSamples> values_{};
  std::uint32_t count_ = 0;
  std::uint32_t next_ = 0;
};

/// What a histogram that only grows has counted lately: over the last five to ten seconds.
class HistogramWindow {
 public:
  /// Once a second, with a fresh copy.
  void update(const Histogram& total, std::chrono::nanoseconds now);
  [[nodiscard]] Histogram recent(const Histogram& total) const { return total.since(older_); }

 private:
  static constexpr std::chrono::nanoseconds kHalf = std::chrono::seconds(5);
  Histogram older_;
  Histogram newer_;
  std::optional<std::chrono::nanoseconds> turned_at_;
};

/// A histogram in shared memory: what it has counted in all, and lately. Most histograms of a quiet graph never count
/// anything, and take no memory here.
class HistogramTrack {
 public:
  /// Once a second. `recorded` is 0 at first and changes whenever something is recorded; `copy` gives the histogram, and is
  /// called only when that has changed or what is recent grows old.
  template <class Copy>
  void look(std::uint64_t recorded, std::chrono::nanoseconds now, const Copy& copy) {
    const bool still = recorded == recorded_.value_or(0) && recent().count == 0;
    if (!still) update(copy(), now);
    recorded_ = recorded;
  }
  [[nodiscard]] const Histogram& recent() const { return memory_ ? memory_->recent : kNothing.recent; }
  /// Of durations in nanoseconds: what is exported.
  [[nodiscard]] const observe::Distribution& all() const { return memory_ ? memory_->all : kNothing.all; }

 private:
  struct Memory {
    HistogramWindow window;
    Histogram recent;
    observe::Distribution all;
  };
  static const Memory kNothing;

  void update(const Histogram& total, std::chrono::nanoseconds now);

  std::unique_ptr<Memory> memory_;
  std::optional<std::uint64_t> recorded_;  ///< at the last look
};

/// `scale`: base units per unit of the histogram, 1e-9 for nanoseconds.
[[nodiscard]] observe::Statistic statistic_of(const Histogram& histogram, double scale);
[[nodiscard]] std::optional<double> aggregate_of(const Histogram& histogram, const config::Aggregate& how, double scale);
/// For durations in nanoseconds.
[[nodiscard]] observe::Distribution distribution_of(const Histogram& histogram);

}  // namespace steady::runtime
