#include "runtime/history.hpp"

namespace steady::runtime {

void History::add(double value) {
  fine_[seconds_ % kPoints] = static_cast<float>(value);
  if (!std::isnan(value)) {
    sum_ += value;
    ++measured_;
  }
  if (++seconds_ % kCoarseSeconds != 0) return;
  coarse_[(seconds_ / kCoarseSeconds - 1) % kPoints] = measured_ == 0 ? NAN : static_cast<float>(sum_ / measured_);
  sum_ = 0;
  measured_ = 0;
}

std::vector<float> History::coarse() const {
  std::vector<float> points = in_order(coarse_, seconds_ / kCoarseSeconds % kPoints);
  if (measured_ == 0) return points;
  points.erase(points.begin());
  points.push_back(static_cast<float>(sum_ / measured_));
  return points;
}

std::vector<float> History::in_order(const Points& points, std::size_t oldest) {
  std::vector<float> ordered(points.begin() + static_cast<std::ptrdiff_t>(oldest), points.end());
  ordered.insert(ordered.end(), points.begin(), points.begin() + static_cast<std::ptrdiff_t>(oldest));
  return ordered;
}

}  // namespace steady::runtime
