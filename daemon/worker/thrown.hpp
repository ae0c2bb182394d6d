// Where the last exception of this thread was thrown: what a catch can no longer tell. Every throw of the process passes
// through here on its way to the C++ runtime and pays some microseconds; a sanitizer's build leaves it out, for it has a
// hook of its own in the same place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace steady::worker {

/// How many of this thread's frames last_throw() shows.
extern constinit thread_local std::size_t thrown_frames;

/// The calls that led to the last throw since forget_throw(), innermost first; empty when there was none. The first is a
/// place within its call, the others are places of return, as ipc::CrashPage wants them. Valid until the next throw.
[[nodiscard]] std::span<const std::uint64_t> last_throw();

/// Before each call of an actor's code, so that what is reported belongs to that call.
inline void forget_throw() {
  if (thrown_frames != 0) thrown_frames = 0;
}

}  // namespace steady::worker
