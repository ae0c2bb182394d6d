#include "runtime/window.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace steady::runtime {
namespace {

/// Percentiles of values, asked for in rising order: what is below one need not be looked at for the next.
class Percentiles {
 public:
  explicit Percentiles(std::vector<float> values) : values_(std::move(values)), from_(values_.begin()) {}

  /// The value that `percent` of the values do not exceed (nearest rank).
  double next(double percent) {
    const auto count = static_cast<double>(values_.size());
    const double rank = std::clamp(std::ceil(percent / 100 * count) - 1, 0.0, count - 1);
    const auto at = values_.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(from_, at, values_.end());
    from_ = at;
    return *at;
  }

 private:
  std::vector<float> values_;
  std::vector<float>::iterator from_;
};

}  // namespace

void SampleWindow::add(double value) {
  values_[next_] = static_cast<float>(value);
  next_ = (next_ + 1) % kSamples;
  count_ = std::min<std::uint32_t>(count_ + 1, kSamples);
}

observe::Statistic SampleWindow::statistic() const {
  observe::Statistic made;
  if (count_ == 0) return made;
  made.count = count_;
  made.now = values_[(next_ + kSamples - 1) % kSamples];
  double sum = 0;
  double sum_of_squares = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    sum += values_[i];
    sum_of_squares += static_cast<double>(values_[i]) * values_[i];
  }
  made.mean = sum / count_;
  made.deviation = std::sqrt(std::max(0.0, sum_of_squares / count_ - made.mean * made.mean));
  Percentiles percentiles(values());
  made.min = percentiles.next(0);
  made.p50 = percentiles.next(50);
  made.p90 = percentiles.next(90);
  made.p99 = percentiles.next(99);
  made.p999 = percentiles.next(99.9);
  made.max = percentiles.next(100);
  return made;
}

std::optional<double> SampleWindow::aggregate(const config::Aggregate& how) const {
  if (count_ == 0) return std::nullopt;
  if (how.kind == config::Aggregate::Kind::Now) return values_[(next_ + kSamples - 1) % kSamples];
  if (how.kind == config::Aggregate::Kind::Percentile) return Percentiles(values()).next(how.percent);
  const observe::Statistic all = statistic();
  switch (how.kind) {
    case config::Aggregate::Kind::Mean: return all.mean;
    case config::Aggregate::Kind::Min: return all.min;
    case config::Aggregate::Kind::Max: return all.max;
    case config::Aggregate::Kind::Deviation: return all.deviation;
    default: return std::nullopt;
  }
}

std::vector<float> SampleWindow::values() const { return {values_.begin(), values_.begin() + count_}; }

double SampleWindow::recent_mean(std::size_t samples) const {
  const std::size_t count = std::min<std::size_t>(samples, count_);
  double sum = 0;
  for (std::size_t i = 1; i <= count; ++i) sum += values_[(next_ + kSamples - i) % kSamples];
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

void HistogramWindow::update(const Histogram& total, std::chrono::nanoseconds now) {
  if (!turned_at_) {
    older_ = newer_ = total;  // what was counted before steadyd looked is not recent
    turned_at_ = now;
  }
  if (now - *turned_at_ < kHalf) return;
  turned_at_ = now;
  older_ = newer_;
  newer_ = total;
}

const HistogramTrack::Memory HistogramTrack::kNothing;

void HistogramTrack::update(const Histogram& total, std::chrono::nanoseconds now) {
  if (!memory_) {
    memory_ = std::make_unique<Memory>();
    if (recorded_) memory_->window.update({}, now);  // it was empty at an earlier look: all of it is recent
  }
  memory_->window.update(total, now);
  memory_->recent = memory_->window.recent(total);
  memory_->all = distribution_of(total);
}

observe::Statistic statistic_of(const Histogram& histogram, double scale) {
  observe::Statistic made;
  if (histogram.count == 0) return made;
  made.count = histogram.count;
  made.now = made.mean = histogram.mean() * scale;
  constexpr std::array kPercents{50.0, 90.0, 99.0, 99.9};
  std::array<double, kPercents.size()> values{};
  histogram.percentiles(kPercents, values);
  made.min = histogram.min() * scale;
  made.max = histogram.max() * scale;
  made.deviation = histogram.deviation() * scale;
  made.p50 = values[0] * scale;
  made.p90 = values[1] * scale;
  made.p99 = values[2] * scale;
  made.p999 = values[3] * scale;
  return made;
}

std::optional<double> aggregate_of(const Histogram& histogram, const config::Aggregate& how, double scale) {
  if (histogram.count == 0) return std::nullopt;
  switch (how.kind) {
    case config::Aggregate::Kind::Now:
    case config::Aggregate::Kind::Mean: return histogram.mean() * scale;
    case config::Aggregate::Kind::Min: return histogram.min() * scale;
    case config::Aggregate::Kind::Max: return histogram.max() * scale;
    case config::Aggregate::Kind::Deviation: return histogram.deviation() * scale;
    case config::Aggregate::Kind::Percentile: break;
  }
  return histogram.percentile(how.percent) * scale;
}

observe::Distribution distribution_of(const Histogram& histogram) {
  observe::Distribution made;
  made.count = histogram.count;
  made.sum_seconds = histogram.sum / 1e9;
  std::uint64_t passed = 0;
  std::size_t bucket = 0;
  for (std::size_t i = 0; i < observe::kDistributionBuckets; ++i) {
    const std::size_t end = histogram_bucket(observe::distribution_bound_ns(i));
    for (; bucket < end; ++bucket) passed += histogram.buckets[bucket];
    made.below[i] = passed;
  }
  // A copy of words that move: the total must not be less than its parts.
  for (; bucket < kHistogramBuckets; ++bucket) passed += histogram.buckets[bucket];
  made.count = passed;
  return made;
}

}  // namespace steady::runtime
