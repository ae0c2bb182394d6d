#include "supervision/budget.hpp"

#include <algorithm>

namespace steady::supervision {

bool Budget::spend(std::chrono::nanoseconds now, std::size_t who) {
  while (!restarts_.empty() && !counts(restarts_.front().at, now)) restarts_.pop_front();
  if (restarts_.size() >= intensity_) return false;
  restarts_.push_back({now, who});
  return true;
}

void Budget::refund(std::size_t who, unsigned count) {
  for (auto spent = restarts_.end(); count != 0 && spent != restarts_.begin();) {
    --spent;
    if (spent->who != who) continue;
    spent = restarts_.erase(spent);
    --count;
  }
}

unsigned Budget::used(std::chrono::nanoseconds now) const {
  return static_cast<unsigned>(
      std::count_if(restarts_.begin(), restarts_.end(), [&](const Spent& spent) { return counts(spent.at, now); }));
}

std::optional<std::chrono::nanoseconds> Budget::resets_at(std::chrono::nanoseconds now) const {
  if (used(now) == 0) return std::nullopt;
  return restarts_.back().at + period_;
}

}  // namespace steady::supervision
