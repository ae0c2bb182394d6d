#include "runtime/hang.hpp"

#include <algorithm>

namespace steady::runtime {

std::chrono::nanoseconds HangClock::look(const Look& look) {
  const bool in_call = look.begun != look.returned;
  const bool same_call = in_call && in_call_ && look.begun == last_.begun;
  if (same_call) {
    // The kernel adds a wait to `queued` when it is over; until then the thread is ready and does not run.
    const bool waits = look.ready && look.ran == last_.ran;
    const auto gap = waits ? std::chrono::nanoseconds(0) : std::min(look.now - last_.now, longest_gap_);
    const auto queued = std::max(look.queued - last_.queued, std::chrono::nanoseconds(0));
    lasted_ += std::max(gap - queued, std::chrono::nanoseconds(0));
  } else {
    lasted_ = std::chrono::nanoseconds(0);
  }
  in_call_ = in_call;
  last_ = look;
  return lasted_;
}

}  // namespace steady::runtime
