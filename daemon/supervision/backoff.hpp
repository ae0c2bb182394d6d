// How long a child waits before its next restart. Pure: it is told how long the child ran. Loop thread only.
#pragma once

#include <chrono>

#include "config/model.hpp"
#include "supervision/random.hpp"

namespace steady::supervision {

/// The waits of one child: first, min, min*factor, min*factor^2, ... up to max; each spread by ± jitter.
class Backoff {
 public:
  explicit Backoff(const config::Backoff& settings) : settings_(settings) {}

  /// The wait before the restart that follows a failure; one more failure in a row. Never above `max`.
  [[nodiscard]] std::chrono::nanoseconds next(Random& random);

  /// The child was ready for `ready_for` until it failed: long enough starts over at `first`.
  void ran(std::chrono::nanoseconds ready_for);

  void reset() { failures_in_a_row_ = 0; }
  [[nodiscard]] unsigned failures_in_a_row() const { return failures_in_a_row_; }

 private:
  config::Backoff settings_;
  unsigned failures_in_a_row_ = 0;
};

}  // namespace steady::supervision
