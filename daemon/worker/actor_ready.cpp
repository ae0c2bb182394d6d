// When an actor runs: its conditions, the thresholds of the configuration, its timers.
#include <algorithm>

#include "worker/actor.hpp"
#include "worker/clock.hpp"

namespace steady::worker {

bool Actor::has_input(const InputLane& lane, std::uint64_t amount) const {
  const std::uint64_t messages = lane.parked ? 0 : lane.end.available_messages();
  if (messages >= lane.enough(amount)) return true;
  if (messages == 0) return false;
  if (lane.closed) return true;  // what is there is all there will ever be
  // Long frames may fill the ring before there are enough of them; then neither side could ever go on.
  if (lane.end.message_bytes() == 0 && lane.end.available_bytes() >= lane.window_bytes / 2) return true;
  return lane.waiting_since_ns != 0 && now_ns() - lane.waiting_since_ns >= lane.max_wait_ns;
}

/// Frames differ in length: without a wish, room for one of a fair size is enough.
std::uint64_t Actor::default_room(const OutputLane& lane) {
  const std::uint64_t window_bytes = lane.end ? lane.end->window_bytes() : lane.view->capacity_bytes;
  return lane.view->kind == STEADY_FRAMES ? std::min<std::uint64_t>(4096, window_bytes / 4) : 1;
}

bool Actor::holds(const steady_condition& condition) const {
  switch (condition.kind) {
    case STEADY_WHEN_TIMER: return condition.fired != 0;
    case STEADY_WHEN_INPUT:
      for (const InputLane& lane : io_->inputs())
        if (lane.port == condition.port && has_input(lane, condition.amount)) return true;
      return false;
    default:
      for (const OutputLane& lane : io_->outputs())
        if (lane.port == condition.port) return has_room(lane, condition.amount);
      return false;
  }
}

bool Actor::clause_holds(std::uint32_t clause) const {
  const steady_io& io = io_->io();
  bool any = false;
  bool fired = false;
  for (std::uint32_t i = 0; i < io.condition_count; ++i) {
    const steady_condition& condition = io.conditions[i];
    if (condition.clause != clause) continue;
    if (!holds(condition)) return false;
    any = true;
    fired = fired || condition.fired != 0;
  }
  // After a step that did nothing only news can change the answer, or a timer.
  return any && (!stalled_ || fired);
}

bool Actor::ready() {
  if (has_timers_) fire_timers();
  const steady_io& io = io_->io();
  if (io.condition_count == 0) return !stalled_ && ready_by_default();
  return cause().has_value();
}

/// The clause that this step runs for; none without conditions. One whose timer is due comes first: it is so only now.
std::optional<std::uint32_t> Actor::cause() const {
  const steady_io& io = io_->io();
  std::optional<std::uint32_t> found;
  for (std::uint32_t i = 0; i < io.condition_count; ++i) {
    const steady_condition& condition = io.conditions[i];
    if ((found && condition.fired == 0) || !clause_holds(condition.clause)) continue;
    found = condition.clause;
    if (condition.fired != 0) break;
  }
  return found;
}

/// What an actor that asks for nothing gets: some input, and room everywhere.
bool Actor::ready_by_default() const {
  for (const OutputLane& lane : io_->outputs())
    if (!has_room(lane, default_room(lane))) return false;
  if (source_) return !io_->outputs().empty();
  return std::any_of(io_->inputs().begin(), io_->inputs().end(),
                     [&](const InputLane& lane) { return has_input(lane, 1); });
}

// ---- timers ---------------------------------------------------------------------------------------------------------

/// After start and after every change of the conditions. A timer that stays keeps its due time.
void Actor::plan_conditions() {
  steady_io& io = io_->io();
  io.conditions_changed = 0;
  has_timers_ = false;
  const std::uint64_t now = now_ns();
  for (std::uint32_t i = 0; i < STEADY_CONDITIONS_MAX; ++i) {
    const bool timer = i < io.condition_count && io.conditions[i].kind == STEADY_WHEN_TIMER;
    const std::uint64_t interval = timer ? io.conditions[i].amount : 0;
    has_timers_ = has_timers_ || timer;
    if (timer && planned_[i] != interval) due_ns_[i] = now + interval;
    planned_[i] = interval;
  }
  bound_steps();
  plan_quick_steps();
}

/// The most that a condition of `kind` asks of `port`; 0: none does.
std::uint64_t Actor::asked(std::uint32_t kind, std::uint64_t port) const {
  const steady_io& io = io_->io();
  std::uint64_t amount = 0;
  for (std::uint32_t i = 0; i < io.condition_count; ++i)
    if (io.conditions[i].kind == kind && io.conditions[i].port == port)
      amount = std::max(amount, io.conditions[i].amount);
  return amount;
}

/// No step sees more than a quarter of a window, unless the actor or the configuration asks for it: with the whole window
/// in one step its two ends would take turns instead of working side by side.
void Actor::bound_steps() {
  for (InputLane& lane : io_->inputs()) {
    lane.most = lane.max;
    if (const std::uint64_t size = lane.end.message_bytes(); lane.most == 0 && size != 0)
      lane.most =
          std::max({std::uint64_t{1}, lane.window_bytes / size / 4, asked(STEADY_WHEN_INPUT, lane.port), lane.min});
  }
  for (OutputLane& lane : io_->outputs()) {
    if (!lane.end) continue;
    const std::uint64_t size = std::max<std::uint64_t>(1, lane.end->message_bytes());
    const std::uint64_t amount = asked(STEADY_WHEN_ROOM, lane.port);
    lane.asked_bytes = amount * size;
    ActorIo::set_window(lane);
    if (lane.end->message_bytes() == 0) continue;
    lane.most = std::max({std::uint64_t{1}, lane.end->window_bytes() / size / 4, amount});
    lane.most_bytes = lane.most * size;
  }
}

/// What suffices for a step without a look at peers, conditions and the clock. Only where the conditions are simple, and
/// never less than one message, so that each lane is looked at once nothing is known to be there.
void Actor::plan_quick_steps() {
  const steady_io& io = io_->io();
  quick_ = !has_deadlines() && !(source_ && (io.stopping != 0 || io_->outputs().empty()));
  for (std::uint32_t i = 0; i < io.condition_count; ++i)
    quick_ = quick_ && io.conditions[i].clause == io.conditions[0].clause;
  for (InputLane& lane : io_->inputs()) {
    const std::uint64_t enough = lane.enough(asked(STEADY_WHEN_INPUT, lane.port));
    lane.need = lane.parked ? kNever : std::max(std::uint64_t{1}, enough);
    lane.suffices = std::max(lane.need, lane.last_used);
  }
  for (OutputLane& lane : io_->outputs()) {
    quick_ = quick_ && lane.end;
    if (!lane.end) continue;
    const std::uint64_t size = lane.end->message_bytes();
    const std::uint64_t amount = io.condition_count == 0 ? default_room(lane) : asked(STEADY_WHEN_ROOM, lane.port);
    lane.need_bytes = std::max({std::uint64_t{1}, size, size != 0 ? amount * size : amount});
    lane.suffices_bytes = std::max(lane.need_bytes, lane.last_used_bytes);
  }
}

// ---- thresholds that change while it runs ---------------------------------------------------------------------------

void Actor::take_tunings() {
  orders_.fetch_and(~static_cast<unsigned>(kTune), std::memory_order_acq_rel);  // before the look: none is overlooked
  std::vector<ipc::Tuning> tunings;
  {
    const std::lock_guard lock(tunings_mutex_);
    tunings.swap(tunings_);
  }
  for (const ipc::Tuning& tuning : tunings) io_->tune(tuning);
  has_max_waits_ = std::ranges::any_of(io_->inputs(), [](const InputLane& lane) { return lane.max_wait_ns != 0; });
  bound_steps();
  plan_quick_steps();
  stalled_ = false;  // what did not do for a step may do now
}

// ---- timers ---------------------------------------------------------------------------------------------------------

void Actor::fire_timers() {
  steady_io& io = io_->io();
  const std::uint64_t now = now_ns();
  for (std::uint32_t i = 0; i < io.condition_count; ++i) {
    steady_condition& condition = io.conditions[i];
    if (condition.kind != STEADY_WHEN_TIMER) continue;
    condition.fired = now >= due_ns_[i] ? 1 : 0;
    if (condition.fired == 0) continue;
    bool others_hold = true;  // a timer "and" something else stays due until the rest holds
    for (std::uint32_t k = 0; k < io.condition_count; ++k)
      if (io.conditions[k].clause == condition.clause && io.conditions[k].kind != STEADY_WHEN_TIMER)
        others_hold = others_hold && holds(io.conditions[k]);
    if (!others_hold) continue;
    due_ns_[i] += condition.amount;
    if (due_ns_[i] <= now) due_ns_[i] = now + condition.amount;  // late by more than one interval: no burst
  }
}

/// Since when an input with a max_wait has had something, but less than its min.
void Actor::track_waits(std::uint64_t now) {
  for (InputLane& lane : io_->inputs()) {
    if (lane.max_wait_ns == 0) continue;
    const std::uint64_t messages = lane.parked ? 0 : lane.end.available_messages();
    const bool waits = messages != 0 && messages < lane.min;
    if (!waits) {
      lane.waiting_since_ns = 0;
    } else if (lane.waiting_since_ns == 0) {
      lane.waiting_since_ns = now;
    }
  }
}

}  // namespace steady::worker
