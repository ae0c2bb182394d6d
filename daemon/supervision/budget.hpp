// The restart budget of one supervisor: at most `intensity` restarts within any `period`. OTP's sliding window.
// Pure: every question brings its own time, which never goes back. Loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

namespace steady::supervision {

class Budget {
 public:
  Budget(unsigned intensity, std::chrono::nanoseconds period) : intensity_(intensity), period_(period) {}

  /// Asks for one restart of child `who` at `now`. False: it would be one too many, and the supervisor gives up; nothing
  /// is spent.
  [[nodiscard]] bool spend(std::chrono::nanoseconds now, std::size_t who);

  /// Takes back the latest `count` restarts of `who`, or as many as there are.
  void refund(std::size_t who, unsigned count);

  /// Forgets every restart, as a supervisor that was itself restarted does.
  void clear() { restarts_.clear(); }

  /// Restarts that still count at `now`. One that is exactly `period` old counts, as in OTP.
  [[nodiscard]] unsigned used(std::chrono::nanoseconds now) const;

  /// When the whole budget is free again; empty when it already is.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> resets_at(std::chrono::nanoseconds now) const;

  [[nodiscard]] unsigned intensity() const { return intensity_; }
  [[nodiscard]] std::chrono::nanoseconds period() const { return period_; }

 private:
  [[nodiscard]] bool counts(std::chrono::nanoseconds restart, std::chrono::nanoseconds now) const {
    return now - restart <= period_;
  }
  struct Spent {
    std::chrono::nanoseconds at;
    std::size_t who;
  };

  unsigned intensity_;
  std::chrono::nanoseconds period_;
  std::deque<Spent> restarts_;  ///< oldest first; never more than `intensity_`
};

}  // namespace steady::supervision
