#include "base/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace steady {

void Histogram::add(std::uint64_t value, std::uint64_t weight) {
  const auto amount = static_cast<double>(std::min(value, kHistogramLargest));
  const auto times = static_cast<double>(weight);
  count += weight;
  sum += amount * times;
  sum_of_squares += amount * amount * times;
  buckets[histogram_bucket(value)] += weight;
}

Histogram Histogram::since(const Histogram& before) const {
  if (before.count > count || before.sum > sum) return *this;
  Histogram rest = *this;
  rest.sum -= before.sum;
  rest.sum_of_squares = std::max(0.0, sum_of_squares - before.sum_of_squares);
  rest.count = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    rest.buckets[i] -= std::min(before.buckets[i], buckets[i]);
    rest.count += rest.buckets[i];  // of the copy: the words may have moved while they were read
  }
  return rest;
}

double Histogram::deviation() const {
  if (count == 0) return 0;
  const double mean_value = mean();
  return std::sqrt(std::max(0.0, sum_of_squares / static_cast<double>(count) - mean_value * mean_value));
}

double Histogram::min() const {
  const auto first = std::ranges::find_if(buckets, [](std::uint64_t in_it) { return in_it != 0; });
  return first == buckets.end() ? 0 : static_cast<double>(histogram_floor(static_cast<std::size_t>(first - buckets.begin())));
}

double Histogram::max() const {
  for (std::size_t i = buckets.size(); i-- > 0;)
    if (buckets[i] != 0) return static_cast<double>(histogram_floor(i + 1) - 1);
  return 0;
}

double Histogram::percentile(double percent) const {
  double value = 0;
  percentiles({&percent, 1}, {&value, 1});
  return value;
}

void Histogram::percentiles(std::span<const double> percents, std::span<double> values) const {
  std::ranges::fill(values, 0);
  if (count == 0) return;
  std::uint64_t passed = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < buckets.size() && next < percents.size(); ++i) {
    if (buckets[i] == 0) continue;
    passed += buckets[i];
    const double middle = (static_cast<double>(histogram_floor(i)) + static_cast<double>(histogram_floor(i + 1) - 1)) / 2;
    const auto reached = [&](double percent) {
      return static_cast<double>(passed) >= std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count);
    };
    while (next < percents.size() && (reached(percents[next]) || passed >= count)) values[next++] = middle;
  }
}

}  // namespace steady
