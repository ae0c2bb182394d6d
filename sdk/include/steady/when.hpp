// When an actor wants to run: enough input, enough room, a timer, and any "and" or "or" of these.
//
//   run_when(numbers.has(64) && verdicts.has_room(64));
//   run_when(lines.has(1) || steady::every(1s));
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "steady/abi.h"

namespace steady {

/// A wish, kept as an "or" of clauses, each an "and" of conditions. A value.
class When {
 public:
  static When condition(std::uint32_t kind, std::uint32_t port, std::uint64_t amount) {
    When when;
    when.append({kind, 0, port, 0, amount});
    when.clauses_ = 1;
    return when;
  }

  /// Both must hold. Distributes over "or"; throws std::length_error past STEADY_CONDITIONS_MAX conditions.
  friend When operator&&(const When& left, const When& right) {
    When both;
    for (std::uint32_t l = 0; l < left.clauses_; ++l)
      for (std::uint32_t r = 0; r < right.clauses_; ++r) {
        both.append_clause(left, l);
        both.append_clause(right, r);
        ++both.clauses_;
      }
    return both;
  }

  /// Either is enough.
  friend When operator||(const When& left, const When& right) {
    When either = left;
    for (std::uint32_t r = 0; r < right.clauses_; ++r) {
      either.append_clause(right, r);
      ++either.clauses_;
    }
    return either;
  }

  [[nodiscard]] std::span<const steady_condition> conditions() const { return {conditions_.data(), count_}; }

 private:
  void append(const steady_condition& one) {
    if (count_ == conditions_.size()) throw std::length_error("run_when: too many conditions");
    conditions_[count_] = one;
    conditions_[count_].clause = clauses_;
    ++count_;
  }
  void append_clause(const When& from, std::uint32_t clause) {
    for (const steady_condition& one : from.conditions())
      if (one.clause == clause) append(one);
  }

  std::array<steady_condition, STEADY_CONDITIONS_MAX> conditions_{};
  std::uint32_t count_ = 0;
  std::uint32_t clauses_ = 0;
};

/// True whenever `interval` has gone by; the first time one interval after start.
[[nodiscard]] inline When every(std::chrono::nanoseconds interval) {
  return When::condition(STEADY_WHEN_TIMER, 0, static_cast<std::uint64_t>(interval.count()));
}

}  // namespace steady
