// Notices actors that hang, and takes their stack before they are killed.
#include <signal.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/units.hpp"
#include "process/usage.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;
using supervision::ChildId;

/// How often actors with a watchdog are looked at: a tenth of the shortest one that can be configured, and a bit.
constexpr std::uint64_t kPulseMs = 20;

/// How long a thread may take to write its stack down. One that cannot, since it is stopped or the machine is busy, is
/// killed without.
constexpr nanoseconds kStackLimit = std::chrono::milliseconds(500);

}  // namespace

void Daemon::start_pulse() {
  if (uv_is_active(pulse_timer_.base()) != 0) return;
  uv_timer_start(
      pulse_timer_.get(), [](uv_timer_t* timer) { static_cast<Daemon*>(timer->data)->pulse(); }, kPulseMs, kPulseMs);
}

void Daemon::pulse() {
  bool needed = false;
  for (ChildId child = 0; child < workers_.size(); ++child) {
    Worker& worker = workers_[child];
    if (worker.process && worker.kill_at) kill_when_seen(worker);
    if (worker.process && !worker.kill_at) watch(child);
    needed = needed || (worker.process && worker.kill_at);
  }
  for (const topology::PlannedActor& actor : plan_.actors) needed = needed || actor.spec.watchdog;
  if (!needed) uv_timer_stop(pulse_timer_.get());
}

void Daemon::watch(ChildId child) {
  for (const std::size_t actor : plan_.workers[child].actors) {
    const auto& limit = plan_.actors[actor].spec.watchdog;
    if (!limit || tree_->child(child).state != supervision::State::Running) continue;
    const ipc::ActorObserver::Calls calls = sampler_.calls(actor);
    const bool in_call = calls.begun != calls.returned;
    const auto core = in_call ? process::core_time_of(facts_[child].pid, calls.thread) : process::CoreTime{};
    const Look look{calls.begun, calls.returned, monotonic_now(), core.queued, core.ready, core.ran};
    if (clocks_[actor].look(look) < *limit) continue;
    log::warn("An actor hangs: its step does not return",
              {{"actor", plan_.actors[actor].spec.name}, {"watchdog", format_duration(*limit)}});
    return kill_with_stack(child, Killing::Hang, actor);
  }
}

/// First the stack, for the incident; then SIGKILL, as soon as it is there or kStackLimit is over.
void Daemon::kill_with_stack(ChildId child, Killing killing, std::size_t actor) {
  Worker& worker = workers_[child];
  worker.killing = killing;
  worker.hung_actor = actor;
  worker.kill_at = monotonic_now() + kStackLimit;
  worker.process->signal_thread(sampler_.calls(actor).thread, ipc::kStackSignal);
  start_pulse();
}

void Daemon::kill_when_seen(Worker& worker) {
  const bool seen = worker.crash && worker.crash->state() == ipc::CrashState::Complete;
  if (!seen && monotonic_now() < *worker.kill_at) return;
  worker.process->kill(SIGKILL);
}

/// Whom to ask for a stack when the whole worker is to go: one that is in its own code, or the first.
std::size_t Daemon::actor_in_call(ChildId child) const {
  const std::vector<std::size_t>& actors = plan_.workers[child].actors;
  const auto found = std::ranges::find_if(actors, [&](std::size_t actor) {
    const ipc::ActorObserver::Calls calls = sampler_.calls(actor);
    return calls.begun != calls.returned;
  });
  return found == actors.end() ? actors.front() : *found;
}

}  // namespace steady::runtime
