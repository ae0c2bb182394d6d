#include "supervision/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace steady::supervision {

namespace {

// In double: min * factor^n leaves the range of 64-bit nanoseconds long before a user would call the ceiling wrong.
double before_jitter(const config::Backoff& settings, unsigned failures_before) {
  const auto max = static_cast<double>(settings.max.count());
  if (failures_before == 0) return std::min(static_cast<double>(settings.first.count()), max);
  const double grown =
      static_cast<double>(settings.min.count()) * std::pow(settings.factor, static_cast<double>(failures_before - 1));
  return std::min(grown, max);
}

}  // namespace

std::chrono::nanoseconds Backoff::next(Random& random) {
  const double plain = before_jitter(settings_, failures_in_a_row_);
  ++failures_in_a_row_;
  const double spread = 1.0 + settings_.jitter * (2.0 * random.fraction() - 1.0);
  const double wait = std::clamp(plain * spread, 0.0, static_cast<double>(settings_.max.count()));
  // A ceiling near the end of the range rounds up as a double; the cast must not overflow.
  if (wait >= static_cast<double>(settings_.max.count())) return settings_.max;
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(wait));
}

void Backoff::ran(std::chrono::nanoseconds ready_for) {
  if (ready_for >= settings_.stable) reset();
}

}  // namespace steady::supervision
