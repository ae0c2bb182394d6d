// Catches what kills a worker: the dying thread writes its signal, its stack and where the code lies into the crash
// page, then the signal does what it would have done. steadyd turns addresses into functions and lines; here there is
// neither memory to allocate nor a lock to take. The same page answers when steadyd asks a thread for its stack.
//
// An actor that installs handlers of its own for these signals takes them away from here. While a stack is being asked
// for, a sleep of the actor may end early with EINTR, as with any signal; reads and waits go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.hpp"

namespace steady::worker {

/// From now on a crash of any thread is reported into the page behind `crash_fd`. Main thread, once, before any plugin
/// is loaded. Errors: no crash page.
[[nodiscard]] Status catch_crashes(int crash_fd);

/// What the unwinder and the linker do at a first use, they do now and not in a handler. Takes as long as starting a
/// thread does, so at leisure: a crash before it is reported as well. Any thread.
void use_unwinder();

/// Gives the calling thread a stack on which to report that its own has overflown. Before it runs any code of an actor's.
/// Without memory for that, only an overflow goes unreported.
void watch_this_thread();

/// From now on the calling thread runs the code of this actor of the plan. Costs next to nothing.
void enter_actor(std::size_t actor_index);

/// Reports the stack of an exception that ends the process; see last_throw(). Does nothing when `frames` is empty or some
/// thread is just dying of a signal. The thread that failed, before the process ends.
void report_throw(std::span<const std::uint64_t> frames);

}  // namespace steady::worker
