// When a worker has a spare beside it: a process that has loaded and mapped everything, and waits for that worker's death.
// Pure: events with their time go in, one deed at a time comes out. Starting, ending and talking is the daemon's.
//
//            next: Start          prepared              take
//   None ──────────────► Starting ─────────► Ready ─────────────► None, and later another one
//    ▲                      │ died, or too slow │ died, or misfit
//    └──────────────────────┴───────────────────┘ the next one after a delay that grows
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace steady::runtime {

class Spare {
 public:
  enum class State : std::uint8_t { None, Starting, Ready };
  /// What its worker is up to.
  enum class Need : std::uint8_t {
    None,  ///< it is at rest, or the service stops: no spare
    Keep,  ///< it starts, stops or waits for its turn: a spare that is there stays
    Have,  ///< it runs, or waits for long enough: there should be one
  };
  enum class Deed : std::uint8_t { Nothing, Start, End };

  /// `prepare_limit`: how long one may take until it is ready.
  explicit Spare(std::chrono::nanoseconds prepare_limit) : prepare_limit_(prepare_limit) {}

  /// What is to be done now. The deed counts as done; one that fails is a died().
  [[nodiscard]] Deed next(Need need, std::chrono::nanoseconds now);
  /// When next() wants to be called again, if nothing happens before; after a next().
  [[nodiscard]] std::optional<std::chrono::nanoseconds> due() const;

  void prepared(std::chrono::nanoseconds now);
  void died(std::chrono::nanoseconds now);
  /// It no longer fits what its worker would be started with now: it is to be ended, and another one may follow at once.
  void misfits() { state_ = State::None; }
  /// Whether there is one to take over; then there is none any more.
  [[nodiscard]] bool take();

  [[nodiscard]] State state() const { return state_; }
  /// How long the next one has to wait, after died().
  [[nodiscard]] std::chrono::nanoseconds delay() const;

 private:
  std::chrono::nanoseconds prepare_limit_;
  State state_ = State::None;
  std::chrono::nanoseconds since_{};                     ///< of the state
  std::optional<std::chrono::nanoseconds> needed_since_; ///< Need::Have
  std::chrono::nanoseconds not_before_{};                ///< after deaths
  unsigned deaths_ = 0;                                  ///< in a row
};

/// "none", "starting", "ready".
[[nodiscard]] const char* word(Spare::State state);

}  // namespace steady::runtime
