#include "supervision/budget.hpp"

#include <algorithm>

namespace steady::supervision {

bool Budget::spend(std::chrono::nanoseconds now) {
  while (!restarts_.empty() && !counts(restarts_.front(), now)) restarts_.pop_front();
  if (restarts_.size() >= intensity_) return false;
  restarts_.push_back(now);
  return true;
}

unsigned Budget::used(std::chrono::nanoseconds now) const {
  return static_cast<unsigned>(
      std::count_if(restarts_.begin(), restarts_.end(), [&](auto restart) { return counts(restart, now); }));
}

std::optional<std::chrono::nanoseconds> Budget::resets_at(std::chrono::nanoseconds now) const {
  if (used(now) == 0) return std::nullopt;
  return restarts_.back() + period_;
}

}  // namespace steady::supervision
