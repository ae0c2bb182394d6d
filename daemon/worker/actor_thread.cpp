#include "worker/actor_thread.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "worker/clock.hpp"
#include "worker/crash.hpp"
#include "worker/relax.hpp"

namespace steady::worker {
namespace {

/// How long `adaptive` looks before it sleeps: about what the wake-up would cost (LIMITS: 12 + 18..31 us).
constexpr std::uint64_t kSpinNs = 20'000;

/// Pauses between two readings of the clock: about a microsecond.
constexpr unsigned kPauses = 64;

const std::string& name_of(const ipc::ActorPlan& plan) { return plan.thread.empty() ? plan.name : plan.thread; }

}  // namespace

ActorThread::ActorThread(std::vector<Member> members, ipc::FenceMode fence)
    : members_(std::move(members)), fence_(fence), name_(name_of(members_.front().actor->plan())) {
  const std::string& wait = members_.front().actor->plan().wait;
  wait_ = wait == "block" ? Wait::Block : wait == "spin" ? Wait::Spin : Wait::Adaptive;
}

void ActorThread::run(const std::function<void()>& started) {
  start();
  started();
  if (members_.size() == 1) take_turns(members_.front().actor->turn());
  run_together();
}

void ActorThread::run_alone(const std::function<void()>& started, const std::function<void()>& may_order) {
  start();
  started();
  if (members_.empty()) return;  // its streams had ended
  const Actor::Turn first = members_.front().actor->first_turn();
  may_order();
  take_turns(first);
}

void ActorThread::start() {
  for (Member& member : members_) {
    enter_actor(member.index);
    member.actor->start();
    member.over = member.actor->ended();
    member.over ? member.actor->say_done() : member.actor->look_around();
  }
  std::erase_if(members_, [](const Member& member) { return member.over; });
}

/// The usual case, one member: nothing stands between two steps.
void ActorThread::take_turns(Actor::Turn first) {
  Actor& actor = *members_.front().actor;
  for (Actor::Turn turn = first; turn != Actor::Turn::Over; turn = actor.turn())
    if (turn == Actor::Turn::Waits) wait();
  actor.say_done();
  members_.clear();
}

void ActorThread::run_together() {
  while (!members_.empty()) {
    bool stepped = false;
    for (Member& member : members_) stepped = take_turn_if_due(member) || stepped;
    std::erase_if(members_, [](const Member& member) { return member.over; });
    if (!stepped && !members_.empty()) wait();
  }
}

/// Whether it did something. One that waits is not asked again before there is a reason.
bool ActorThread::take_turn_if_due(Member& member) {
  Actor& actor = *member.actor;
  if (member.waits && !actor.news()) {
    const auto due = actor.deadline();
    if (!due || now_ns() < *due) return false;
  }
  return take_turn(member);
}

bool ActorThread::take_turn(Member& member) {
  Actor& actor = *member.actor;
  if (member.waits) actor.resume();
  enter_actor(member.index);
  const Actor::Turn turn = actor.turn();
  if (turn == Actor::Turn::Waits) {
    actor.set_targets();
    if (!std::exchange(member.waits, true)) actor.begin_wait(now_ns());
    return false;
  }
  member.waits = false;
  member.over = turn == Actor::Turn::Over;
  if (member.over) actor.say_done();
  return true;
}

// ---- waiting --------------------------------------------------------------------------------------------------------

/// Until there may be something to do for one of them; then all of them look.
void ActorThread::wait() {
  for (const Member& member : members_) member.actor->set_targets();
  if (wait_ == Wait::Block || !spin()) {
    if (wait_ != Wait::Spin) sleep();
  }
  for (Member& member : members_) {
    member.actor->resume();
    member.waits = false;
  }
}

/// Looks for news for as long as a wake-up would take; false when there was none. A wait that the first looks do not end
/// is said, and lasts until the next call into the actor unless news or a sleep end it.
bool ActorThread::spin() {
  pauses_ = 1;
  if (look_often()) return true;  // most waits are over before a clock could tell
  const std::uint64_t from = now_ns();
  const std::uint64_t until = std::min(from + kSpinNs, deadline().value_or(ipc::kAwake));
  end_wait(from);  // of an earlier spin
  begin_wait(from);
  std::uint64_t now = from;
  do {
    if (wait_ != Wait::Spin) ::sched_yield();  // whom we wait for may need this very core
    if (look_often()) {
      end_wait(now);
      return true;
    }
    now = now_ns();
  } while (now < until);
  if (wait_ == Wait::Spin) ::sched_yield();
  return false;
}

/// Each look takes the cache line from the peer that is about to write it. So, unless latency is all that counts, the pauses
/// grow with the wait: the peer works on undisturbed, and there is more to do at the next look.
bool ActorThread::look_often() {
  for (unsigned paused = 0; paused < kPauses; paused += pauses_) {
    if (news()) return true;
    relax(pauses_);
    if (wait_ != Wait::Spin && pauses_ < kPauses) pauses_ *= 2;
  }
  return false;
}

void ActorThread::sleep() {
  const ipc::Bell& bell = members_.front().actor->bell();
  const std::uint32_t seen = bell.count();
  const std::uint64_t from = now_ns();
  end_wait(from);  // of the spin before
  for (const Member& member : members_) member.actor->say_asleep();
  begin_wait(from);
  ipc::sleeper_fence(fence_);  // SYNC(sleep): between wake_at and the last look
  if (!news() && !must_go_on()) {
    const auto due = deadline();
    if (!due) {
      bell.wait(seen, std::nullopt);
    } else if (*due > from) {
      bell.wait(seen, std::chrono::nanoseconds(*due - from));
    }
  }
  for (const Member& member : members_) member.actor->say_awake();
  end_wait(now_ns());
}

bool ActorThread::news() {
  return std::ranges::any_of(members_, [](const Member& member) { return member.actor->news(); });
}

/// Asks every member: each has peers to wake.
bool ActorThread::must_go_on() {
  bool must = false;
  for (const Member& member : members_) must = member.actor->must_go_on() || must;
  return must;
}

std::optional<std::uint64_t> ActorThread::deadline() const {
  std::optional<std::uint64_t> first;
  for (const Member& member : members_)
    if (const auto due = member.actor->deadline(); due && (!first || *due < *first)) first = due;
  return first;
}

void ActorThread::begin_wait(std::uint64_t now) {
  for (const Member& member : members_) member.actor->begin_wait(now);
}

void ActorThread::end_wait(std::uint64_t now) {
  for (const Member& member : members_) member.actor->end_wait(now);
}

}  // namespace steady::worker
