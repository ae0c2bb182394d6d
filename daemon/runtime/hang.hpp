// How long an actor has been in one call of its own code, for the watchdog. Pure: every look brings its own numbers.
//
// A hang is a call that does not return. Waiting for input or room is no call, so an idle or a blocked actor never
// hangs. Time in which the machine gave the thread no core does not count, nor does time in which steadyd itself did not
// look (it was stopped, or the whole machine was), so an overloaded machine raises no false alarm.
#pragma once

#include <chrono>
#include <cstdint>

namespace steady::runtime {

struct Look {
  std::uint64_t begun = 0;     ///< calls that have begun
  std::uint64_t returned = 0;  ///< calls that are over
  std::chrono::nanoseconds now{};
  std::chrono::nanoseconds queued{};  ///< how long the thread has waited for a core, in all; without a wait that lasts
  bool ready = false;                 ///< it runs, or waits for a core
  std::chrono::nanoseconds ran{};     ///< how long it has had one, in all
};

class HangClock {
 public:
  /// `longest_gap`: of the time between two looks no more than this counts.
  explicit HangClock(std::chrono::nanoseconds longest_gap) : longest_gap_(longest_gap) {}

  /// Returns how long the present call has lasted so far, of what counts; zero when there is none.
  std::chrono::nanoseconds look(const Look& look);

  /// Another process begins.
  void reset() { *this = HangClock(longest_gap_); }

 private:
  std::chrono::nanoseconds longest_gap_;
  bool in_call_ = false;
  Look last_;
  std::chrono::nanoseconds lasted_{};
};

}  // namespace steady::runtime
