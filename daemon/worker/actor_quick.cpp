// Quick steps: while as much as suffices is known to be on each lane (plan_quick_steps), a step looks at no peer, no condition and no
// clock. A step of a few nanoseconds costs half as much then; everything that is not the usual case is left to turn().
#include "worker/actor.hpp"
#include "worker/thrown.hpp"

namespace steady::worker {
namespace {

/// So many in one turn at most: other actors may share the thread.
constexpr unsigned kStepsMax = 256;

void count(ipc::Word& word) {
  word.store(word.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);  // telemetry
}

}  // namespace

void Actor::quick_steps() {
  if (waiting_since_ns_ != 0) return;  // somebody has to look at the clock first
  const std::size_t inputs = io_->inputs().size();
  const std::size_t outputs = io_->outputs().size();
  if (inputs == 1 && outputs == 0) quick_steps_of<1, 0>();
  if (inputs == 0 && outputs == 1) quick_steps_of<0, 1>();
  if (inputs == 1 && outputs == 1) quick_steps_of<1, 1>();
}

/// The numbers of lanes are constants, so that everything is one straight line.
template <std::size_t Inputs, std::size_t Outputs>
void Actor::quick_steps_of() {
  ActorIo& io = *io_;
  InputLane* const inputs = io.inputs().data();
  OutputLane* const outputs = io.outputs().data();
  steady_io& shown = io.io();
  ipc::ProcessWords& process = io.words().process;
  ipc::Word& steps = io.words().steps;
  for (unsigned step = 0; step < kStepsMax; ++step) {
    for (std::size_t i = 0; i < Inputs; ++i) {
      const std::uint64_t messages = inputs[i].end.available_messages();
      if (messages < inputs[i].suffices) return;
      ActorIo::fill(inputs[i], messages);
    }
    for (std::size_t i = 0; i < Outputs; ++i) {
      const std::uint64_t bytes = outputs[i].end->vacant_bytes();
      if (bytes < outputs[i].suffices_bytes) return;
      ActorIo::fill(outputs[i], bytes);
    }
    if (orders_.load(std::memory_order_relaxed) != 0 || !sampling_.pass()) return;
    forget_throw();
    count(process.begun);
    if (type_.step(self_) != 0) die_in("step");
    const bool usual = shown.finished == 0 && io.commit_usual<Inputs, Outputs>(fence_);
    if (!usual) commit_unusual();
    count(process.returned);
    count(steps);
    if (shown.conditions_changed != 0) plan_conditions();
    if (!usual || !quick_) return;
  }
}

}  // namespace steady::worker
