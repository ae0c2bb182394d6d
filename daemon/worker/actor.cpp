#include "worker/actor.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "ipc/histogram.hpp"
#include "worker/clock.hpp"
#include "worker/crash.hpp"
#include "worker/thrown.hpp"

namespace steady::worker {
namespace {

/// How long to wait for someone to restart a reader that claims the impossible before another look.
constexpr std::uint64_t kBlameNs = 1'000'000'000;

}  // namespace

Actor::Actor(const ipc::ActorPlan& plan, const steady_actor_type& type, ipc::FenceMode fence, bool sampling,
             Events& events)
    : plan_(plan), type_(type), fence_(fence), events_(events), sampling_(sampling) {
  host_ = {sizeof host_, STEADY_ABI_VERSION, this, host_log, host_note, host_fail, host_now};
}

Result<std::unique_ptr<Actor>> Actor::prepare(const ipc::ActorPlan& plan, const steady_actor_type& type,
                                              ipc::FenceMode fence, bool sampling, Events& events) {
  std::unique_ptr<Actor> made(new Actor(plan, type, fence, sampling, events));
  auto io = ActorIo::prepare(plan, type);
  if (!io) return tl::unexpected(std::move(io.error()));
  made->io_ = std::move(*io);
  return made;
}

Status Actor::begin() {
  if (auto begun = io_->begin(); !begun) return begun;
  debug_stop_ = debug_stop_for(plan_);
  patient_ = plan_.wait != "spin";
  source_ = io_->inputs().empty();
  has_max_waits_ = std::ranges::any_of(io_->inputs(), [](const InputLane& lane) { return lane.max_wait_ns != 0; });
  io_->words().process.thread.store(static_cast<std::uint64_t>(::gettid()), std::memory_order_relaxed);  // of its constructor
  if (io_->repaired()) {
    ipc::Event event;
    event.kind = ipc::Event::Kind::Repaired;
    event.actor = plan_.name;
    events_.send(event);
  }
  self_ = type_.create(&type_, &host_, &io_->io());
  if (self_ == nullptr) return fail(ErrorCode::Invalid, failure_.empty() ? "its constructor failed" : failure_);
  return {};
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
  if (type_.start(self_) != 0) die_in("start");
  commit(io_->io().finished != 0, 0, ipc::NoHook{});
  stalled_ = false;
  plan_conditions();
}

bool Actor::ended() const { return io_->words().finished.load(std::memory_order_relaxed) != 0; }

void Actor::look_around() {
  set_activity(ipc::Activity::Running);
  static_cast<void>(look());
  careful_.emplace(*io_);
  if (plan_.careful) careful_->begin();
}

void Actor::order(const ipc::Command& command) {
  if (command.kind == ipc::Command::Kind::Replay) {
    const std::lock_guard lock(replays_mutex_);
    replays_.push_back(command.replay);
  }
  if (command.kind == ipc::Command::Kind::Tune) {
    const std::lock_guard lock(tunings_mutex_);
    tunings_.push_back(command.tuning);
  }
  static constexpr unsigned kOrders[] = {kDrain, kStop, kReplay, kTune};
  orders_.fetch_or(kOrders[static_cast<std::size_t>(command.kind)], std::memory_order_release);
  io_->bell().ring();
}

// ---- steps ----------------------------------------------------------------------------------------------------------

template <class Hook>
Actor::Turn Actor::turn_with(const Hook& hook) {
  const unsigned orders = orders_.load(std::memory_order_acquire);
  if ((orders != 0 || !waiting_replays_.empty()) && !obey(orders)) return Turn::Over;
  if (!look()) return Turn::Waits;
  if (streams_ended()) return finish(hook);
  if (!ready()) return Turn::Waits;
  step(hook);
  return io_->io().finished != 0 ? Turn::Over : Turn::Stepped;
}

Actor::Turn Actor::turn() {
  if (!debug_stop_) {
    if (quick_ && !stalled_ && !careful_->active()) quick_steps();
    if (io_->io().finished != 0) return Turn::Over;
  }
  return single_turn();
}

Actor::Turn Actor::single_turn() { return debug_stop_ ? turn_with(*debug_stop_) : turn_with(ipc::NoHook{}); }

/// Does what was ordered from elsewhere; false when that is to stop.
bool Actor::obey(unsigned orders) {
  if ((orders & kStop) != 0) return false;
  if ((orders & kReplay) != 0) take_replays();
  if ((orders & kTune) != 0) take_tunings();
  if (!waiting_replays_.empty()) put_replays_back();
  if ((orders & kDrain) != 0 && io_->io().stopping == 0) {
    io_->io().stopping = 1;
    plan_quick_steps();
  }
  return true;
}

/// Looks at every peer whose last known position is not enough; false when one of them makes every step pointless.
bool Actor::look() {
  if (blamed_until_ns_ != 0 && now_ns() < blamed_until_ns_) return false;
  blamed_until_ns_ = 0;
  for (InputLane& lane : io_->inputs())
    if (!io_->show(lane)) park(lane);
  for (OutputLane& lane : io_->outputs())
    if (!io_->show(lane)) blame_reader(lane);
  if (has_max_waits_) track_waits(now_ns());
  return blamed_until_ns_ == 0;
}

template <class Hook>
void Actor::step(const Hook& hook) {
  const bool careful = careful_->active();
  if (careful) careful_->narrow(cause());
  say_begun();
  const bool sampled = sampling_.due();
  const std::uint64_t began_ns = sampled ? now_ns() : 0;
  if (type_.step(self_) != 0) die_in("step");
  const std::uint64_t stepped_ns = sampled ? now_ns() : 0;
  steady_io& io = io_->io();
  commit(io.finished != 0, stepped_ns, hook);
  say_returned();
  if (sampled) note_sample(stepped_ns - began_ns);
  if (careful && careful_->settle(io_->took())) stalled_ = false;
  ipc::count_up(io_->words().steps);
}

template <class Hook>
Actor::Turn Actor::finish(const Hook& hook) {
  say_begun();
  const int result = type_.finish(self_);
  if (result < 0) die_in("finish");
  commit(result == 0, 0, hook);
  say_returned();
  if (result == 0) return Turn::Over;
  return stalled_ ? Turn::Waits : Turn::Stepped;  // for room
}

template <class Hook>
void Actor::commit(bool finished, std::uint64_t stepped_ns, const Hook& hook) {
  if (const char* const broken = io_->commit(finished, fence_, stepped_ns, hook)) die(broken);
  settle();
}

/// Of a quick step that turned out not to be one.
void Actor::commit_unusual() { commit(io_->io().finished != 0, 0, ipc::NoHook{}); }

/// What a commit leaves to be done here.
void Actor::settle() {
  stalled_ = !io_->progressed() && !io_->stretch_windows();
  if (io_->violated()) park_violated();
  if (io_->io().conditions_changed != 0) plan_conditions();
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
  ipc::count_up(io_->words().process.begun);
}

void Actor::say_returned() { ipc::count_up(io_->words().process.returned); }

void Actor::park(InputLane& lane) {
  lane.parked = true;
  lane.need = lane.suffices = kNever;
  ipc::Event event;
  event.kind = ipc::Event::Kind::Violation;
  event.actor = plan_.name;
  event.peer = lane.plan->producer;
  event.channel = lane.plan->channel;
  event.text = "holds what cannot have been published, at position " + std::to_string(lane.end.position().bytes);
  events_.send(event);
}

void Actor::park_violated() {
  for (InputLane& lane : io_->inputs())
    if (lane.view->violated != 0 && !lane.parked) park(lane);
}

/// It cannot get better before someone restarts that reader.
void Actor::blame_reader(const OutputLane& lane) {
  ipc::Event event;
  event.kind = ipc::Event::Kind::Violation;
  event.actor = plan_.name;
  event.channel = lane.plan->channel;
  event.peer = lane.plan->readers.size() == 1 ? lane.plan->readers[0].actor : "";
  event.text = "has a reader that claims a position it cannot have";
  events_.send(event);
  blamed_until_ns_ = now_ns() + kBlameNs;
}

/// Nothing more will come: a source was told to end, or every input is closed and empty.
bool Actor::streams_ended() const {
  if (source_) return io_->io().stopping != 0;
  for (const InputLane& lane : io_->inputs())
    if (!lane.closed || lane.parked || lane.end.available_bytes() != 0) return false;
  return true;
}

void Actor::set_activity(ipc::Activity activity) {
  io_->words().activity.store(static_cast<std::uint64_t>(activity), std::memory_order_relaxed);  // telemetry
}

void Actor::die_in(const char* call) { die(failure_.empty() ? std::string(call) + " failed" : failure_); }

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
