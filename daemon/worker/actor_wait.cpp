// For what an actor waits, and how it notices that it need not any more.
#include <algorithm>
#include <utility>

#include "worker/actor.hpp"
#include "worker/clock.hpp"

namespace steady::worker {
namespace {

/// How often a dead letter that found no room on its channel tries again.
constexpr std::uint64_t kReplayRetryNs = 10'000'000;

}  // namespace

std::optional<std::uint64_t> Actor::deadline() const {
  std::optional<std::uint64_t> next;
  const auto take = [&](std::uint64_t at) { next = next ? std::min(*next, at) : at; };
  const steady_io& io = io_->io();
  for (std::uint32_t i = 0; i < io.condition_count; ++i)
    if (io.conditions[i].kind == STEADY_WHEN_TIMER && io.conditions[i].fired == 0) take(due_ns_[i]);
  for (const InputLane& lane : io_->inputs())
    if (lane.waiting_since_ns != 0) take(lane.waiting_since_ns + lane.max_wait_ns);
  if (blamed_until_ns_ != 0) take(blamed_until_ns_);
  if (!waiting_replays_.empty()) take(now_ns() + kReplayRetryNs);
  return next;
}

/// Messages that would make this lane count, or 0 when it is not what keeps the actor waiting.
std::uint64_t Actor::wanted_input(const InputLane& lane) const {
  const steady_io& io = io_->io();
  std::uint64_t amount = 1;  // also without a condition on this port: its end must be noticed
  for (std::uint32_t i = 0; i < io.condition_count; ++i)
    if (io.conditions[i].kind == STEADY_WHEN_INPUT && io.conditions[i].port == lane.port)
      amount = amount == 1 ? io.conditions[i].amount : std::min(amount, io.conditions[i].amount);
  amount = std::max(lane.enough(amount), std::uint64_t{1});
  const std::uint64_t messages = lane.end.available_messages();
  if (messages >= amount) return stalled_ ? messages + 1 : 0;
  if (lane.max_wait_ns != 0 && messages == 0) return 1;  // the first one starts the clock
  if (lane.end.message_bytes() == 0) return messages + 1;      // whether their bytes are enough is seen at each
  return amount;
}

/// Bytes of room that would make this lane count, or 0 when it is not what keeps the actor waiting.
std::uint64_t Actor::wanted_room(OutputLane& lane) const {
  const steady_io& io = io_->io();
  std::uint64_t amount = io.condition_count == 0 ? default_room(lane) : 0;
  for (std::uint32_t i = 0; i < io.condition_count; ++i)
    if (io.conditions[i].kind == STEADY_WHEN_ROOM && io.conditions[i].port == lane.port)
      amount = std::max(amount, io.conditions[i].amount);
  const std::uint64_t window = lane.end->window_bytes();
  const std::uint64_t vacant = lane.end->vacant_bytes();
  if (has_room(lane, amount)) return stalled_ && vacant < window ? vacant + 1 : 0;
  // It was full: wake once half is free rather than for every message, since a wake-up costs the reader 12 us.
  lane.needed_bytes = lane.view->kind == STEADY_FRAMES ? amount : amount * lane.view->message->size;
  return std::min(std::max(lane.needed_bytes, window / 2), window);
}

/// Fixes for each end the position that ends this wait.
void Actor::set_targets() {
  for (InputLane& lane : io_->inputs()) {
    lane.target = ipc::kAwake;
    const std::uint64_t wanted = lane.parked ? 0 : wanted_input(lane);
    if (wanted == 0) continue;
    lane.target = lane.end.target_for(wanted);
  }
  for (OutputLane& lane : io_->outputs()) {
    lane.target = ipc::kAwake;
    const std::uint64_t wanted = lane.end ? wanted_room(lane) : 0;
    if (wanted == 0) continue;
    const std::uint64_t end = lane.end->position().bytes + wanted;
    lane.target = end - std::min(end, lane.end->window_bytes());  // in a ring's first round every head will do
  }
}

bool Actor::news() {
  const unsigned orders = orders_.load(std::memory_order_acquire);
  if ((orders & (kStop | kReplay | kTune)) != 0 || ((orders & kDrain) != 0 && io_->io().stopping == 0)) return true;
  if (blamed_until_ns_ != 0) return false;
  for (InputLane& lane : io_->inputs()) {
    if (lane.parked) continue;
    if (lane.end.closed() != lane.closed) return true;
    if (lane.target == ipc::kAwake || !lane.end.moved()) continue;
    if (!lane.end.refresh() || lane.end.reached(lane.target)) return true;
  }
  for (OutputLane& lane : io_->outputs())
    if (lane.target != ipc::kAwake && (!lane.end->refresh() || lane.end->slowest() >= lane.target)) return true;
  return false;
}

bool Actor::must_go_on() {
  // Also where it wants nothing more now, and so has not looked of late: two that ring each other for room that was there
  // once would do so for ever.
  for (InputLane& lane : io_->inputs())
    if (!lane.parked && lane.end.refresh()) lane.end.wake_idle_producer(lane.window_bytes);
  if (stalled_) return false;  // its outputs are not what it waits for
  return std::ranges::any_of(io_->outputs(), [](const OutputLane& lane) {
    return lane.target != ipc::kAwake && lane.end->vacant_bytes() >= lane.needed_bytes && lane.end->reader_asleep();
  });
}

void Actor::say_asleep() {
  for (InputLane& lane : io_->inputs())
    if (lane.target != ipc::kAwake) lane.end.set_wake_at(lane.target);
  for (OutputLane& lane : io_->outputs())
    if (lane.target != ipc::kAwake) lane.end->set_wake_at(lane.target);
}

void Actor::say_awake() {
  for (InputLane& lane : io_->inputs())
    if (lane.target != ipc::kAwake) lane.end.set_wake_at(ipc::kAwake);
  for (OutputLane& lane : io_->outputs())
    if (lane.target != ipc::kAwake) lane.end->set_wake_at(ipc::kAwake);
}

/// Says for what this thread waits since `now`, by the targets of this wait. Telemetry.
void Actor::begin_wait(std::uint64_t now) {
  waiting_for_ = ipc::Activity::WaitingForTimer;
  for (const InputLane& lane : io_->inputs())
    if (lane.target != ipc::kAwake) waiting_for_ = ipc::Activity::WaitingForInput;
  for (OutputLane& lane : io_->outputs()) {
    lane.blocked = lane.target != ipc::kAwake;
    if (!lane.blocked) continue;
    waiting_for_ = ipc::Activity::WaitingForRoom;
    lane.end->note_blocked(now);
  }
  waiting_since_ns_ = now;
  set_activity(waiting_for_);
  io_->words().waits.since_ns.store(now, std::memory_order_relaxed);
}

/// Adds the wait that lasts, if any, to its cause.
void Actor::end_wait(std::uint64_t now) {
  if (waiting_since_ns_ == 0) return;
  const std::uint64_t waited_ns = now - waiting_since_ns_;
  waiting_since_ns_ = 0;
  for (OutputLane& lane : io_->outputs())
    if (std::exchange(lane.blocked, false)) lane.end->note_unblocked(waited_ns);
  ipc::WaitWords& waits = io_->words().waits;
  ipc::Word& total = waiting_for_ == ipc::Activity::WaitingForInput  ? waits.input_ns
                     : waiting_for_ == ipc::Activity::WaitingForRoom ? waits.room_ns
                                                                     : waits.timer_ns;
  waits.since_ns.store(0, std::memory_order_relaxed);
  total.store(total.load(std::memory_order_relaxed) + waited_ns, std::memory_order_relaxed);
  set_activity(ipc::Activity::Running);
  sampling_.waited(waited_ns);
}

}  // namespace steady::worker
