#include "runtime/spare.hpp"

#include <algorithm>
#include <utility>

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;

/// A worker that has just become ready is left alone first: to start a process takes a core for a while.
constexpr nanoseconds kSettle = std::chrono::milliseconds(5);

/// Between a death and the next spare; doubled by each death in a row.
constexpr nanoseconds kFirstDelay = std::chrono::milliseconds(100);
constexpr nanoseconds kLongestDelay = std::chrono::seconds(30);
constexpr unsigned kMostDoublings = 10;

/// One that stood ready for so long was sound: its death begins a new row.
constexpr nanoseconds kStable = std::chrono::seconds(10);

}  // namespace

Spare::Deed Spare::next(Need need, nanoseconds now) {
  if (need != Need::Have) needed_since_.reset();
  if (need == Need::Have && !needed_since_) needed_since_ = now;
  if (need == Need::None) {
    deaths_ = 0;
    not_before_ = {};
    return std::exchange(state_, State::None) == State::None ? Deed::Nothing : Deed::End;
  }
  if (state_ == State::Starting && now >= since_ + prepare_limit_) {
    died(now);
    return Deed::End;
  }
  if (state_ != State::None || !needed_since_ || now < *due()) return Deed::Nothing;
  state_ = State::Starting;
  since_ = now;
  return Deed::Start;
}

std::optional<nanoseconds> Spare::due() const {
  if (state_ == State::Starting) return since_ + prepare_limit_;
  if (state_ == State::Ready || !needed_since_) return std::nullopt;
  return std::max(*needed_since_ + kSettle, not_before_);
}

void Spare::prepared(nanoseconds now) {
  if (state_ != State::Starting) return;
  state_ = State::Ready;
  since_ = now;
}

void Spare::died(nanoseconds now) {
  if (state_ == State::Ready && now >= since_ + kStable) deaths_ = 0;
  ++deaths_;
  state_ = State::None;
  not_before_ = now + delay();
}

bool Spare::take() {
  if (state_ != State::Ready) return false;
  state_ = State::None;
  deaths_ = 0;
  return true;
}

nanoseconds Spare::delay() const {
  if (deaths_ == 0) return nanoseconds(0);
  return std::min(kLongestDelay, kFirstDelay * (1U << std::min(deaths_ - 1, kMostDoublings)));
}

const char* word(Spare::State state) {
  static constexpr const char* kWords[] = {"none", "starting", "ready"};
  return kWords[static_cast<std::size_t>(state)];
}

}  // namespace steady::runtime
