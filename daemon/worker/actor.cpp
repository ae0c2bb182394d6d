#include "worker/actor.hpp"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/hex.hpp"
#include "ipc/histogram.hpp"
#include "worker/clock.hpp"
#include "worker/crash.hpp"
#include "worker/thrown.hpp"

namespace steady::worker {
namespace {

/// How long `adaptive` looks before it sleeps: about what the wake-up would cost (LIMITS: 12 + 18..31 us).
constexpr std::uint64_t kSpinNs = 20'000;

/// How often a dead letter that found no room on its channel tries again.
constexpr std::uint64_t kReplayRetryNs = 10'000'000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// The commit hook of a process that a test told to stop.
class StopHook {
 public:
  explicit StopHook(DebugStop stop) : stop_(stop) {}
  void operator()(ipc::CommitPoint point) const {
    if (point == ipc::CommitPoint::BeforeRecord) ++commits_;
    if (commits_ == stop_.commit && static_cast<unsigned>(point) == stop_.point) ::raise(SIGSTOP);
  }

 private:
  const DebugStop stop_;
  mutable std::uint64_t commits_ = 0;
};

bool parse_number(std::string_view text, auto& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

}  // namespace

DebugStop debug_stop_for(const ipc::ActorPlan& plan) {
  const char* const variable = std::getenv("STEADY_DEBUG_COMMIT_STOP");
  if (variable == nullptr || plan.generation != 0) return {};
  const std::string_view text = variable;
  const auto first = text.find(':');
  const auto second = text.rfind(':');
  DebugStop stop;
  if (first == second || text.substr(0, first) != plan.name ||
      !parse_number(text.substr(first + 1, second - first - 1), stop.point) ||
      !parse_number(text.substr(second + 1), stop.commit))
    return {};
  return stop;
}

Actor::Actor(const ipc::ActorPlan& plan, const steady_actor_type& type, ipc::FenceMode fence, bool sampling,
             Events& events)
    : plan_(plan), type_(type), fence_(fence), events_(events), sampling_(sampling) {
  host_ = {sizeof host_, STEADY_ABI_VERSION, this, host_log, host_note, host_fail, host_now};
}

Result<std::unique_ptr<Actor>> Actor::create(const ipc::ActorPlan& plan, const steady_actor_type& type,
                                             ipc::FenceMode fence, bool sampling, Events& events) {
  std::unique_ptr<Actor> made(new Actor(plan, type, fence, sampling, events));
  auto io = ActorIo::create(plan, type);
  if (!io) return tl::unexpected(std::move(io.error()));
  made->io_ = std::move(*io);
  made->source_ = made->io_->inputs().empty();
  for (const InputLane& lane : made->io_->inputs()) made->has_max_waits_ |= lane.plan->max_wait_ns != 0;
  if (made->io_->repaired()) {
    ipc::Event event;
    event.kind = ipc::Event::Kind::Repaired;
    event.actor = plan.name;
    events.send(event);
  }
  made->self_ = type.create(&type, &made->host_, &made->io_->io());
  if (made->self_ == nullptr)
    return fail(ErrorCode::Invalid, made->failure_.empty() ? "its constructor failed" : made->failure_);
  return made;
}

Actor::~Actor() {
  if (self_ != nullptr) type_.destroy(self_);
}

void Actor::start() {
  io_->words().process.thread.store(static_cast<std::uint64_t>(::gettid()), std::memory_order_relaxed);  // to ask for its stack
  io_->words().waits.since_ns.store(0, std::memory_order_relaxed);  // the previous generation may have died in a wait
  ipc::publisher_fence(fence_);  // SYNC(sleep): repair may have published just now
  io_->wake_all_peers();
  if (ended()) return;  // the last generation had ended its streams and died before it could exit
  set_activity(ipc::Activity::Starting);
  skip_dead_letters();
  if (const auto old = io_->old_state()) {
    const bool same = old->size == type_.state_size && old->version == type_.state_version;
    if (same) {
      std::copy_n(old->bytes, old->size, io_->io().state_next);
      io_->io().touched = 1;
    } else if (type_.migrate == nullptr || type_.migrate(self_, old->bytes, old->size, old->version) != 0) {
      die("the stored state has version " + std::to_string(old->version) + " and " + std::to_string(old->size) +
          " bytes, this plugin has version " + std::to_string(type_.state_version) + " and " +
          std::to_string(type_.state_size) + " bytes, and it cannot migrate it" +
          (failure_.empty() ? "" : ": " + failure_) + "; the old state is kept");
    }
    commit(false, 0, ipc::NoHook{});
    ipc::Event event;
    event.kind = ipc::Event::Kind::Migrated;
    event.actor = plan_.name;
    events_.send(event);
  }
  if (type_.start(self_) != 0) die(failure_.empty() ? "start failed" : failure_);
  commit(io_->io().finished != 0, 0, ipc::NoHook{});
  stalled_ = false;
  plan_conditions();
}

bool Actor::ended() const { return io_->words().finished.load(std::memory_order_relaxed) != 0; }

void Actor::run() {
  const DebugStop stop = debug_stop_for(plan_);
  if (ended()) {
    // Nothing left to do.
  } else if (stop.point != 0) {
    loop(StopHook(stop));
  } else {
    loop(ipc::NoHook{});
  }
  set_activity(ipc::Activity::Done);
}

void Actor::order(const ipc::Command& command) {
  if (command.kind == ipc::Command::Kind::Replay) {
    const std::lock_guard lock(replays_mutex_);
    replays_.push_back(command.replay);
  }
  static constexpr unsigned kOrders[] = {kDrain, kStop, kReplay};
  orders_.fetch_or(kOrders[static_cast<std::size_t>(command.kind)], std::memory_order_release);
  io_->bell().ring();
}

template <class Hook>
void Actor::loop(const Hook& hook) {
  set_activity(ipc::Activity::Running);
  ipc::ActorWords& words = io_->words();
  steady_io& io = io_->io();
  show_all();
  careful_.emplace(*io_);
  if (plan_.careful) careful_->begin();
  for (;;) {
    const unsigned orders = orders_.load(std::memory_order_acquire);
    if ((orders & kStop) != 0) return;
    if ((orders & kReplay) != 0) take_replays();
    if (!waiting_replays_.empty()) put_replays_back();
    io.stopping = (orders & kDrain) != 0 ? 1 : 0;
    show_all();
    if (streams_ended()) {
      if (try_finish(hook)) return;
      continue;
    }
    if (!ready()) {
      wait();
      continue;
    }
    const bool careful = careful_->active();
    if (careful) careful_->narrow(cause());
    say_begun();
    const bool sampled = sampling_.due();
    const std::uint64_t began_ns = sampled ? now_ns() : 0;
    if (type_.step(self_) != 0) die(failure_.empty() ? "step failed" : failure_);
    const std::uint64_t stepped_ns = sampled ? now_ns() : 0;
    const bool finished = io.finished != 0;
    commit(finished, stepped_ns, hook);
    say_returned();
    if (sampled) note_sample(stepped_ns - began_ns);
    if (careful && careful_->settle(io_->took())) stalled_ = false;
    words.steps.store(words.steps.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);  // telemetry
    if (io.conditions_changed != 0) plan_conditions();
    if (finished) return;
  }
}

template <class Hook>
bool Actor::try_finish(const Hook& hook) {
  say_begun();
  const int result = type_.finish(self_);
  if (result < 0) die(failure_.empty() ? "finish failed" : failure_);
  commit(result == 0, 0, hook);
  say_returned();
  if (result == 0) return true;
  if (stalled_) wait();  // for room
  return false;
}

template <class Hook>
void Actor::commit(bool finished, std::uint64_t stepped_ns, const Hook& hook) {
  if (const char* const broken = io_->commit(finished, fence_, stepped_ns, hook)) die(broken);
  stalled_ = !io_->progressed();
  std::uint32_t turn = 0;
  for (std::uint32_t i = 0; i < io_->io().port_count; ++i) {
    steady_port_io& port = io_->io().ports[i];
    turn = port.turn + 1;
    port.turn = turn >= port.lane_count ? 0 : turn;
  }
  for (InputLane& lane : io_->inputs())
    if (lane.view->violated != 0 && !lane.parked) park(lane);
}

/// After the commit of a measured step.
void Actor::note_sample(std::uint64_t step_ns) {
  const std::uint64_t weight = sampling_.sampled(step_ns);
  ipc::record(io_->words().step_ns, step_ns, weight);
  ipc::record(io_->words().batch_messages, io_->batch(), weight);
}

/// Before each step and finish. For the watchdog, which measures how long begun and returned differ: telemetry, nothing
/// is handed over.
void Actor::say_begun() {
  if (waiting_since_ns_ != 0) end_wait(now_ns());
  forget_throw();
  ipc::Word& begun = io_->words().process.begun;
  begun.store(begun.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Actor::say_returned() {
  ipc::Word& returned = io_->words().process.returned;
  returned.store(returned.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// ---- dead letters ---------------------------------------------------------------------------------------------------

/// Steps over what steadyd has stored as dead letters. One that is behind the head was stepped over before.
void Actor::skip_dead_letters() {
  for (InputLane& lane : io_->inputs()) {
    if (!lane.plan->skip) continue;
    if (!lane.end.refresh()) continue;  // the loop will park it
    if (lane.end.position().messages == *lane.plan->skip && !io_->skip(lane, fence_)) continue;
    if (lane.end.position().messages <= *lane.plan->skip) continue;
    ipc::Event event;
    event.kind = ipc::Event::Kind::Skipped;
    event.actor = plan_.name;
    event.channel = lane.plan->channel;
    event.number = *lane.plan->skip;
    events_.send(event);
  }
}

void Actor::take_replays() {
  orders_.fetch_and(~static_cast<unsigned>(kReplay), std::memory_order_acq_rel);  // before the look: none is overlooked
  const std::lock_guard lock(replays_mutex_);
  for (ipc::Replay& replay : replays_) waiting_replays_.push_back(std::move(replay));
  replays_.clear();
}

/// In the order of their tickets, since the highest one put back speaks for all below it.
void Actor::put_replays_back() {
  while (!waiting_replays_.empty() && put_back(waiting_replays_.front())) {
    ipc::Event event;
    event.kind = ipc::Event::Kind::Replayed;
    event.actor = plan_.name;
    event.channel = waiting_replays_.front().channel;
    event.number = waiting_replays_.front().ticket;
    events_.send(event);
    waiting_replays_.pop_front();
  }
}

/// False: no room now. A ticket that is not above the last one was put back by a commit whose news got lost.
bool Actor::put_back(const ipc::Replay& replay) {
  if (replay.ticket <= io_->words().last_replay.load(std::memory_order_relaxed)) return true;
  const auto payload = from_hex(replay.payload_hex);
  for (OutputLane& lane : io_->outputs()) {
    if (!lane.end || lane.plan->channel != replay.channel) continue;
    const std::uint64_t message_bytes = lane.end->message_bytes();
    if (!payload || (message_bytes != 0 && payload->size() != message_bytes)) break;
    return io_->put_back(lane, *payload, replay.ticket, fence_);
  }
  die("was told to put back a message that does not fit channel " + replay.channel);
}

void Actor::show_all() {
  for (InputLane& lane : io_->inputs())
    if (!io_->show(lane)) park(lane);
  for (OutputLane& lane : io_->outputs())
    if (!io_->show(lane)) blame_reader(lane);
  if (has_max_waits_) track_waits(now_ns());
}

void Actor::park(InputLane& lane) {
  lane.parked = true;
  ipc::Event event;
  event.kind = ipc::Event::Kind::Violation;
  event.actor = plan_.name;
  event.peer = lane.plan->producer;
  event.channel = lane.plan->channel;
  event.text = "holds what cannot have been published, at position " + std::to_string(lane.end.position().bytes);
  events_.send(event);
}

void Actor::blame_reader(const OutputLane& lane) {
  ipc::Event event;
  event.kind = ipc::Event::Kind::Violation;
  event.actor = plan_.name;
  event.channel = lane.plan->channel;
  event.peer = lane.plan->readers.size() == 1 ? lane.plan->readers[0].actor : "";
  event.text = "has a reader that claims a position it cannot have";
  events_.send(event);
  io_->bell().wait(io_->bell().count(), std::chrono::seconds(1));  // it cannot get better before someone restarts it
}

/// Nothing more will come: a source was told to end, or every input is closed and empty.
bool Actor::streams_ended() const {
  if (source_) return io_->io().stopping != 0;
  for (const InputLane& lane : io_->inputs())
    if (!lane.closed || lane.parked || lane.end.available_bytes() != 0) return false;
  return true;
}

// ---- when to run ----------------------------------------------------------------------------------------------------

bool Actor::has_input(const InputLane& lane, std::uint64_t amount) const {
  const std::uint64_t messages = lane.parked ? 0 : lane.end.available_messages();
  if (messages >= std::max(amount, lane.plan->min)) return true;
  if (messages == 0) return false;
  if (lane.closed) return true;  // what is there is all there will ever be
  // Long frames may fill the ring before there are enough of them; then neither side could ever go on.
  if (lane.end.message_bytes() == 0 && lane.end.available_bytes() >= lane.end.capacity_bytes() / 2) return true;
  return lane.waiting_since_ns != 0 && now_ns() - lane.waiting_since_ns >= lane.plan->max_wait_ns;
}

/// Frames differ in length: without a wish, room for one of a fair size is enough.
std::uint64_t Actor::default_room(const OutputLane& lane) const {
  return lane.view->kind == STEADY_FRAMES ? std::min<std::uint64_t>(4096, lane.view->capacity_bytes / 4) : 1;
}

bool Actor::has_room(const OutputLane& lane, std::uint64_t amount) const {
  return lane.vacant >= amount;
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
}

/// No step sees more than a quarter of a ring, unless the actor or the configuration asks for it: with the whole ring in
/// one step its two ends would take turns instead of working side by side.
void Actor::bound_steps() {
  const steady_io& io = io_->io();
  const auto wanted = [&](std::uint32_t kind, std::uint64_t port) {
    std::uint64_t amount = 1;
    for (std::uint32_t i = 0; i < io.condition_count; ++i)
      if (io.conditions[i].kind == kind && io.conditions[i].port == port)
        amount = std::max(amount, io.conditions[i].amount);
    return amount;
  };
  for (InputLane& lane : io_->inputs()) {
    lane.most = lane.plan->max;
    if (const std::uint64_t size = lane.end.message_bytes(); lane.most == 0 && size != 0)
      lane.most = std::max({lane.end.capacity_bytes() / size / 4, wanted(STEADY_WHEN_INPUT, lane.port), lane.plan->min});
  }
  for (OutputLane& lane : io_->outputs())
    if (lane.end && lane.end->message_bytes() != 0)
      lane.most = std::max(lane.end->capacity_bytes() / lane.end->message_bytes() / 4,
                           wanted(STEADY_WHEN_ROOM, lane.port));
}

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
    if (lane.plan->max_wait_ns == 0) continue;
    const std::uint64_t messages = lane.parked ? 0 : lane.end.available_messages();
    const bool waits = messages != 0 && messages < lane.plan->min;
    if (!waits) {
      lane.waiting_since_ns = 0;
    } else if (lane.waiting_since_ns == 0) {
      lane.waiting_since_ns = now;
    }
  }
}

std::optional<std::uint64_t> Actor::next_deadline() const {
  std::optional<std::uint64_t> next;
  const auto take = [&](std::uint64_t at) { next = next ? std::min(*next, at) : at; };
  const steady_io& io = io_->io();
  for (std::uint32_t i = 0; i < io.condition_count; ++i)
    if (io.conditions[i].kind == STEADY_WHEN_TIMER && io.conditions[i].fired == 0) take(due_ns_[i]);
  for (const InputLane& lane : io_->inputs())
    if (lane.waiting_since_ns != 0) take(lane.waiting_since_ns + lane.plan->max_wait_ns);
  if (!waiting_replays_.empty()) take(now_ns() + kReplayRetryNs);
  return next;
}

// ---- waiting --------------------------------------------------------------------------------------------------------

/// Messages that would make this lane count, or 0 when it is not what keeps the actor waiting.
std::uint64_t Actor::wanted_input(const InputLane& lane) const {
  const steady_io& io = io_->io();
  std::uint64_t amount = 1;  // also without a condition on this port: its end must be noticed
  for (std::uint32_t i = 0; i < io.condition_count; ++i)
    if (io.conditions[i].kind == STEADY_WHEN_INPUT && io.conditions[i].port == lane.port)
      amount = amount == 1 ? io.conditions[i].amount : std::min(amount, io.conditions[i].amount);
  amount = std::max({amount, lane.plan->min, std::uint64_t{1}});
  const std::uint64_t messages = lane.end.available_messages();
  if (messages >= amount) return stalled_ ? messages + 1 : 0;
  if (lane.plan->max_wait_ns != 0 && messages == 0) return 1;  // the first one starts the clock
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
  const std::uint64_t capacity = lane.end->capacity_bytes();
  const std::uint64_t vacant = lane.end->vacant_bytes();
  if (has_room(lane, amount)) return stalled_ && vacant < capacity ? vacant + 1 : 0;
  // It was full: wake once half is free rather than for every message, since a wake-up costs the reader 12 us.
  lane.needed_bytes = lane.view->kind == STEADY_FRAMES ? amount : amount * lane.view->message->size;
  return std::min(std::max(lane.needed_bytes, capacity / 2), capacity);
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
    lane.target = end - std::min(end, lane.end->capacity_bytes());  // in a ring's first round every head will do
  }
}

/// Whether there is a reason to look closer: an end reached its target, a stream ended, an order came.
bool Actor::news() {
  const unsigned orders = orders_.load(std::memory_order_acquire);
  if ((orders & (kStop | kReplay)) != 0 || ((orders & kDrain) != 0 && io_->io().stopping == 0)) return true;
  for (InputLane& lane : io_->inputs()) {
    if (lane.parked) continue;
    if (lane.end.closed() != lane.closed) return true;
    if (lane.target != ipc::kAwake && (!lane.end.refresh() || lane.end.reached(lane.target))) return true;
  }
  for (OutputLane& lane : io_->outputs())
    if (lane.target != ipc::kAwake && (!lane.end->refresh() || lane.end->slowest() >= lane.target)) return true;
  return false;
}

void Actor::wait() {
  set_targets();
  if (plan_.wait == "block" || !spin()) {
    if (plan_.wait != "spin") sleep();
  }
  stalled_ = false;
}

/// Looks for news for as long as a wake-up would take; false when there was none. A wait that the first round does not
/// end is said, and lasts until the next call into the actor unless news or a sleep end it.
bool Actor::spin() {
  const auto deadline = next_deadline();
  const std::uint64_t from = now_ns();
  const std::uint64_t until = std::min(from + kSpinNs, deadline.value_or(ipc::kAwake));
  end_wait(from);  // of an earlier spin
  std::uint64_t now = from;
  do {
    for (int i = 0; i < 32; ++i) {
      if (news()) {
        end_wait(now);
        return true;
      }
      relax();
    }
    if (now == from) begin_wait(from);
    ::sched_yield();  // whom we wait for may need this very core
    now = now_ns();
  } while (now < until);
  return false;
}

void Actor::sleep() {
  const std::uint32_t seen = io_->bell().count();
  const std::uint64_t from = now_ns();
  end_wait(from);  // of the spin before
  say_asleep();
  begin_wait(from);
  ipc::sleeper_fence(fence_);  // SYNC(sleep): between wake_at and the last look
  if (!news() && !must_go_on()) {
    const auto deadline = next_deadline();
    if (!deadline) {
      io_->bell().wait(seen, std::nullopt);
    } else if (*deadline > from) {
      io_->bell().wait(seen, std::chrono::nanoseconds(*deadline - from));
    }
  }
  say_awake();
  end_wait(now_ns());
}

/// Both ends of a channel may wait for more than the other would ever give: a producer for half of the ring, its reader
/// for more than half. Each has said that it sleeps before it looks at the other, so at least one sees it and goes on
/// with what there is.
bool Actor::must_go_on() {
  for (const InputLane& lane : io_->inputs()) lane.end.wake_idle_producer();  // also where it wants nothing more now
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

void Actor::set_activity(ipc::Activity activity) {
  io_->words().activity.store(static_cast<std::uint64_t>(activity), std::memory_order_relaxed);  // telemetry
}

void Actor::die(const std::string& why) {
  report_throw(last_throw());
  events_.fail(plan_.name, why);
}

// ---- what the actor asks of its host --------------------------------------------------------------------------------

void Actor::host_log(void* self, std::uint32_t level, const char* text, std::size_t length) {
  static constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};
  const auto& actor = *static_cast<Actor*>(self);
  ipc::Event event;
  event.kind = ipc::Event::Kind::Log;
  event.actor = actor.plan_.name;
  event.level = kLevels[std::min<std::uint32_t>(level, 3)];
  event.text.assign(text, length);
  actor.events_.send(event);
}

void Actor::host_note(void* self, const char* text, std::size_t length) {
  static_cast<Actor*>(self)->io_->write_note(text, length);
}

void Actor::host_fail(void* self, const char* text, std::size_t length) {
  static_cast<Actor*>(self)->failure_.assign(text, length);
}

std::uint64_t Actor::host_now(void*) { return now_ns(); }

}  // namespace steady::worker
