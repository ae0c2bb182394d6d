#include "worker/sampling.hpp"

#include <algorithm>

namespace steady::worker {

std::uint64_t Sampling::sampled(std::uint64_t step_ns) {
  const std::uint64_t weight = distance_;
  remember(std::min(step_ns, kMemoryNs) * weight, weight);  // those that were not measured took about as long
  distance_ = draw_distance();
  left_ = distance_;
  return weight;
}

void Sampling::waited(std::uint64_t wait_ns) {
  if (distance_ == 0) return;  // off
  remember(wait_ns, 0);
  if (distance_ <= 4 * mean_distance()) return;
  const std::uint64_t done = distance_ - left_;  // the pace has changed: not worth waiting for
  distance_ = std::max(draw_distance(), done + 1);
  left_ = distance_ - done;
}

void Sampling::remember(std::uint64_t ns, std::uint64_t steps) {
  time_ns_ += std::min(ns, kMemoryNs);
  steps_ += steps;
  if (time_ns_ < kMemoryNs) return;
  time_ns_ /= 2;
  steps_ /= 2;
}

/// Steps in kIntervalNs.
std::uint64_t Sampling::mean_distance() const {
  if (time_ns_ == 0) return kStepsMax;
  return std::clamp<std::uint64_t>((kIntervalNs * steps_ + time_ns_ / 2) / time_ns_, 1, kStepsMax);
}

/// Anything from half to one and a half of the mean. Marsaglia's xorshift.
std::uint64_t Sampling::draw_distance() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const std::uint64_t mean = mean_distance();
  const std::uint64_t half = mean / 2;
  return std::min(mean - half + random_ % (2 * half + 1), kStepsMax);
}

}  // namespace steady::worker
