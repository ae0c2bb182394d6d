// Quick steps: while as much as suffices is known to be on each lane (plan_quick_steps), a step looks at no condition and no
// clock, and at a peer only when what it last showed is used up. A step of a few nanoseconds costs half as much then;
// everything that is not the usual case is left to turn().
#include <algorithm>

#include "worker/actor.hpp"
#include "worker/relax.hpp"
#include "worker/thrown.hpp"

namespace steady::worker {
namespace {

/// So many in one turn at most: other actors may share the thread.
constexpr std::uint64_t kStepsMax = 256;

/// A reader on the heels of its producer takes a cache line from it with every look, and both crawl from line to line. While
/// looks find less than so many steps take ...
constexpr std::uint64_t kFewSteps = 8;
constexpr std::uint64_t kFewMessages = 64;
/// ... it gives the producer more and more time to get ahead, one or two microseconds at most.
constexpr unsigned kPausesMax = 63;

/// Whether there is enough on a lane, now or at another look at its peer.
bool suffices(InputLane& lane, bool patient) {
  if (lane.end.available_messages() >= lane.suffices) [[likely]]
    return true;
  relax(lane.pauses);
  const bool found = lane.end.refresh() && lane.end.available_messages() >= lane.need;
  if (!found || !patient)
    lane.pauses = 0;
  else if (lane.end.available_messages() < std::max(kFewMessages, kFewSteps * lane.last_used))
    lane.pauses = std::min(2 * lane.pauses + 1, kPausesMax);
  return found;
}

bool suffices(OutputLane& lane) {
  if (lane.end->vacant_bytes() >= lane.suffices_bytes) [[likely]]
    return true;
  return lane.end->refresh() && lane.end->vacant_bytes() >= lane.need_bytes;
}

}  // namespace

void Actor::quick_steps() {
  if (waiting_since_ns_ != 0) return;  // somebody has to look at the clock first
  const std::size_t inputs = io_->inputs().size();
  const std::size_t outputs = io_->outputs().size();
  const std::uint64_t most = std::min(kStepsMax, sampling_.unmeasured());
  if (inputs == 1 && outputs == 0) sampling_.pass(quick_steps_of<1, 0>(most));
  if (inputs == 0 && outputs == 1) sampling_.pass(quick_steps_of<0, 1>(most));
  if (inputs == 1 && outputs == 1) sampling_.pass(quick_steps_of<1, 1>(most));
}

/// At most so many; returns how many. The numbers of lanes are constants, so that everything is one straight line.
template <std::size_t Inputs, std::size_t Outputs>
std::uint64_t Actor::quick_steps_of(std::uint64_t most) {
  ActorIo& io = *io_;
  InputLane* const inputs = io.inputs().data();
  OutputLane* const outputs = io.outputs().data();
  steady_io& shown = io.io();
  ipc::ProcessWords& process = io.words().process;
  ipc::Word& steps = io.words().steps;
  for (std::uint64_t step = 0; step < most; ++step) {
    for (std::size_t i = 0; i < Inputs; ++i) {
      if (!suffices(inputs[i], patient_)) return step;
      ActorIo::fill(inputs[i], inputs[i].end.available_messages());
    }
    for (std::size_t i = 0; i < Outputs; ++i) {
      if (!suffices(outputs[i])) return step;
      ActorIo::fill(outputs[i], outputs[i].end->vacant_bytes());
    }
    if (orders_.load(std::memory_order_relaxed) != 0) return step;
    forget_throw();
    ipc::count_up(process.begun);
    if (type_.step(self_) != 0) die_in("step");
    const bool usual = shown.finished == 0 && io.commit_usual<Inputs, Outputs>(fence_);
    if (!usual) commit_unusual();
    ipc::count_up(process.returned);
    ipc::count_up(steps);
    if (shown.conditions_changed != 0) plan_conditions();
    if (!usual || !quick_) return step + 1;
  }
  return most;
}

}  // namespace steady::worker
