#include "worker/actor_thread.hpp"

#include <sched.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "worker/clock.hpp"
#include "worker/crash.hpp"
#include "worker/relax.hpp"

namespace steady::worker {
namespace {

/// How long `spin` looks before it lets others have the core and says again for what it waits.
constexpr std::uint64_t kSpinNs = 20'000;

/// Pauses between two readings of the clock: one or two microseconds.
constexpr unsigned kPauses = 64;

/// As late as can be: what was done since `until` was chosen, the fence above all, takes microseconds.
void sleep_on(const ipc::Bell& bell, std::uint32_t seen, std::uint64_t until) {
  if (until == Expectation::kNever) return bell.wait(seen, std::nullopt);
  const std::uint64_t now = now_ns();
  if (until > now) bell.wait(seen, std::chrono::nanoseconds(until - now));
}

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
  const Actor::Turn first = members_.front().actor->single_turn();
  may_order();
  take_turns(first);
}

void ActorThread::start() {
  // The kernel may wake a thread 50 us late otherwise, to wake it together with others.
  if (wait_ == Wait::Adaptive) ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
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
  const unsigned most_pauses = wait_ == Wait::Spin ? 1 : kPauses;
  if (wait_ == Wait::Block || !look_often(most_pauses)) wait_longer();  // most waits are over before a clock could tell
  for (Member& member : members_) {
    member.actor->resume();
    member.waits = false;
  }
}

void ActorThread::wait_longer() {
  const std::uint64_t now = now_ns();
  end_wait(now);  // of an earlier spin
  begin_wait(now);
  switch (wait_) {
    case Wait::Spin: return spin(now);
    case Wait::Block: static_cast<void>(sleep(deadline().value_or(Expectation::kNever))); break;
    case Wait::Adaptive: wait_as_expected(now); break;
  }
  end_wait(now_ns());
}

/// A wait that news does not end lasts until the next call into the actor.
void ActorThread::spin(std::uint64_t now) {
  const std::uint64_t until = std::min(now + kSpinNs, deadline().value_or(ipc::kAwake));
  do {
    if (look_often(1)) return end_wait(now);
    now = now_ns();
  } while (now < until);
  ::sched_yield();
}

void ActorThread::wait_as_expected(std::uint64_t now) {
  expectation_.begin(now, deadline());
  for (;;) {
    const Expectation::Advice advice = expectation_.next(now);
    if (advice.what == Expectation::Do::Stop) return;
    const End end = advice.what == Expectation::Do::Sleep ? sleep(advice.until_ns)
                    : look_until(advice.until_ns)         ? End::News
                                                          : End::None;
    now = now_ns();
    if (end == End::News) expectation_.came(now);
    if (end != End::None) return;
  }
}

/// False when there was no news.
bool ActorThread::look_until(std::uint64_t until) {
  do {
    ::sched_yield();  // whom we wait for may need this very core
    if (look_often(1)) return true;
  } while (now_ns() < until);
  return false;
}

/// Each look takes the cache line from the peer that is about to write it. So the pauses grow with the wait, unless latency
/// is all that counts: the peer works on undisturbed, and there is more to do at the next look.
bool ActorThread::look_often(unsigned most_pauses) {
  unsigned pauses = 1;
  for (unsigned paused = 0; paused < kPauses; paused += pauses) {
    if (news()) return true;
    relax(pauses);
    if (pauses < most_pauses) pauses *= 2;
  }
  return false;
}

/// None: the time is over, or a signal came.
ActorThread::End ActorThread::sleep(std::uint64_t until) {
  const ipc::Bell& bell = members_.front().actor->bell();
  const std::uint32_t seen = bell.count();
  for (const Member& member : members_) member.actor->say_asleep();
  ipc::sleeper_fence(fence_);  // SYNC(sleep): between wake_at and the last look
  End end = news() ? End::News : must_go_on() ? End::Other : End::None;
  if (end == End::None) {
    sleep_on(bell, seen, until);
    end = news() ? End::News : bell.count() != seen ? End::Other : End::None;
  }
  for (const Member& member : members_) member.actor->say_awake();
  return end;
}

/// Says so once: what was seen is not new the next time.
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
