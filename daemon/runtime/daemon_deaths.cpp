// What a worker died of, who is to blame, and what is done about it.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "base/units.hpp"
#include "ipc/peek.hpp"
#include "process/usage.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"
#include "runtime/decision.hpp"
#include "topology/show_message.hpp"

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;
using supervision::ChildId;

/// How much of a message an incident shows.
constexpr std::uint64_t kShownBytes = 512;

/// The target of one of our own descriptors, as it stands in the maps of a process that has it mapped.
std::string name_of(int fd) {
  std::array<char, 512> name{};
  const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name.data(), name.size());
  return {name.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

}  // namespace

void Daemon::worker_ended(ChildId child, process::Ended how) {
  Worker& worker = workers_[child];
  WorkerFacts& facts = facts_[child];
  const bool finished = sampler_.finished(plan_, child);
  const bool asked = tree_->child(child).state == supervision::State::Stopping || finished;
  Autopsy autopsy = examine(child, how);
  sampler_.ended(plan_, child);
  facts.pid = 0;
  worker.process.reset();
  worker.reopen = worker.reopen || finished;
  const auto exit = finished      ? supervision::Exit::Finished
                    : how.clean() ? supervision::Exit::Normal
                                  : supervision::Exit::Abnormal;
  if (asked && worker.killing == Killing::None) {
    facts.last_end.clear();
    worker.careful = false;
    log::info(finished ? "Worker has finished" : "Worker has stopped", {{"actor", actors_of(child)}});
    perform(tree_->exited(child, exit, monotonic_now()));
  } else {
    bury(child, exit, std::move(autopsy));
  }
  if (phase_ == Phase::Draining) return end_drain_when_done();
  for (ChildId other = 0; other < tree_->child_count(); ++other)
    if (tree_->child(other).state != supervision::State::Finished) return;
  if (phase_ == Phase::Running) log::info("Every stream has ended; steadyd waits for an operator");
}

Daemon::Autopsy Daemon::examine(ChildId child, process::Ended how) {
  const Worker& worker = workers_[child];
  Autopsy autopsy;
  if (worker.crash) autopsy.stack = worker.crash->report();
  Death death;
  death.how = how;
  death.was_ready = tree_->child(child).state != supervision::State::Starting;
  death.failure = worker.failure;
  death.killing = worker.killing;
  if (how.signal == SIGKILL) {
    const std::uint64_t kills = process::oom_kills();
    death.oom_killer_struck = kills > oom_kills_;
    oom_kills_ = kills;
  }
  autopsy.cause = cause_of(death);
  autopsy.culprit = culprit_of(child, autopsy.stack);
  const std::size_t shown = autopsy.culprit.value_or(plan_.workers[child].actors.front());
  records::Incident& incident = autopsy.incident;
  incident.at_unix_ns = unix_now();
  incident.actor = plan_.actors[shown].spec.name;
  incident.worker = plan_.workers[child].name;
  incident.generation = sampler_.generation(shown);
  incident.cause = word(autopsy.cause);
  incident.how = worker.failure.empty() ? how.text() : worker.failure;
  if (worker.killing == Killing::Hang)
    incident.how = "no return from a step within " + format_duration(plan_.actors[shown].spec.watchdog.value_or(nanoseconds(0)));
  if (worker.killing == Killing::StartTimeout) incident.how = "was not ready in time";
  if (worker.killing == Killing::Stop) incident.how = "did not stop in time";
  if (autopsy.stack && (autopsy.stack->signal == SIGSEGV || autopsy.stack->signal == SIGBUS))
    incident.fault_address = autopsy.stack->fault_address;
  incident.stderr_tail.assign(worker.stderr_tail.begin(), worker.stderr_tail.end());
  sampler_.describe_ports(plan_, shown, incident.ports);
  describe_messages(shown, incident.ports);
  return autopsy;
}

/// Whose code it was: the one that hung, that said so, whose thread crashed, or the only one there is.
std::optional<std::size_t> Daemon::culprit_of(ChildId child, const std::optional<ipc::CrashReport>& stack) const {
  const Worker& worker = workers_[child];
  const std::vector<std::size_t>& actors = plan_.workers[child].actors;
  if (worker.hung_actor) return worker.hung_actor;
  if (worker.failed_actor) return worker.failed_actor;
  if (stack && stack->actor && *stack->actor < actors.size()) return actors[*stack->actor];
  if (actors.size() == 1) return actors.front();
  return std::nullopt;
}

void Daemon::describe_messages(std::size_t actor, std::vector<records::PortPosition>& ports) const {
  const std::vector<topology::End>& inputs = plan_.actors[actor].inputs;
  for (std::size_t i = 0; i < inputs.size() && i < ports.size(); ++i) {  // inputs come first, in this order
    const topology::PlannedChannel& channel = plan_.channels[inputs[i].channel];
    if (ports[i].waiting == 0) continue;
    const auto peeked =
        ipc::peek(wiring_.ring_path(channel), wiring_.reader_paths(channel, plan_)[inputs[i].reader], kShownBytes);
    if (peeked) ports[i].head = topology::show_message(channel, peeked->payload, peeked->length);
  }
}

std::vector<ModuleFile> Daemon::modules_of(ChildId child) const {
  std::vector<ModuleFile> files;
  for (const std::size_t actor : plan_.workers[child].actors)
    if (const int fd = plugins_.staged_fd(plan_.actors[actor].spec.plugin); fd >= 0) files.push_back({name_of(fd), fd});
  return files;
}

/// The message that was alone in the call that the actor did not return from.
std::optional<Suspect> Daemon::suspect_of(std::size_t actor) const {
  const ipc::ActorSample sample = sampler_.actor(actor);
  if (sample.suspect_reader == 0) return std::nullopt;
  return Suspect{sample.suspect_reader, sample.suspect_sequence};
}

/// Decides, and goes on. A message that is set aside is stored before anyone goes on, so that a death of steadyd finds it.
void Daemon::bury(ChildId child, supervision::Exit exit, Autopsy autopsy) {
  Worker& worker = workers_[child];
  facts_[child].last_end = autopsy.incident.how;
  worker.last_cause = word(autopsy.cause);
  ++facts_[child].incidents[worker.last_cause];
  const auto now = monotonic_now();
  const bool own = own_fault(autopsy.cause);
  std::optional<Suspect> guilty;
  unsigned deaths = 0;
  if (own && autopsy.culprit) {
    const config::Actor& spec = plan_.actors[*autopsy.culprit].spec;
    Blame& blame = blames_[*autopsy.culprit];
    const auto suspect = suspect_of(*autopsy.culprit);
    deaths = blame.note_death(suspect);
    if (suspect) {
      autopsy.incident.suspect = "message " + std::to_string(suspect->sequence) + " was alone in its step; death " +
                                 std::to_string(deaths) + " of " + std::to_string(spec.max_deliveries) + " on it";
      if (deaths >= spec.max_deliveries && spec.poison != config::Poison::Keep) guilty = suspect;
    }
    if (guilty && spec.poison == config::Poison::DeadLetter) tree_->pardon(child, blame.deaths() - 1);
  }
  worker.careful = own || worker.careful;
  supervision::Actions actions = tree_->exited(child, exit, now);
  if (!guilty) start_at_once(actions);
  log::warn("Worker died", {{"actor", autopsy.incident.actor},
                            {"generation", autopsy.incident.generation},
                            {"cause", word(autopsy.cause)},
                            {"why", autopsy.incident.how}});
  autopsy.incident.decision = decision_of(actions, child, *tree_, now);
  if (!guilty) perform(std::move(actions));  // the next generation need not wait for the record
  const std::int64_t id = incidents_->record(std::move(autopsy.incident), autopsy.stack, modules_of(child));
  if (guilty) perform(after_setting_aside(child, *autopsy.culprit, *guilty, deaths, id, std::move(actions)));
}

/// Adds to `actions` that the actor stops when its message could not, or should not, be set aside.
supervision::Actions Daemon::after_setting_aside(ChildId child, std::size_t actor, const Suspect& suspect, unsigned deaths,
                                                 std::int64_t incident, supervision::Actions actions) {
  const std::string stop = set_aside(actor, suspect, deaths, incident);
  if (stop.empty()) return actions;
  (void)store_->set_decision(incident, "stays down: " + stop);  // the log says so in any case
  auto held = tree_->operator_stop(child, monotonic_now(), stop);
  if (held) actions.insert(actions.end(), std::make_move_iterator(held->begin()), std::make_move_iterator(held->end()));
  return actions;
}

/// Returns why the actor has to stop instead, or nothing.
std::string Daemon::set_aside(std::size_t actor, const Suspect& suspect, unsigned deaths, std::int64_t incident) {
  const config::Actor& spec = plan_.actors[actor].spec;
  const std::string what = "message " + std::to_string(suspect.sequence) + " killed it " + std::to_string(deaths) + " times";
  blames_[actor].forget();
  if (spec.poison == config::Poison::Stop) {
    log::error("An actor is stopped: a message kills it", {{"actor", spec.name}, {"why", what}, {"incident", incident}});
    return what;
  }
  const auto letter = letters_->set_aside(plan_, actor, suspect, deaths, incident);
  if (!letter) {
    log::error("A message could not be set aside; its reader is stopped",
               {{"actor", spec.name}, {"why", letter.error().message}, {"incident", incident}});
    return what + ", and cannot be set aside: " + letter.error().message;
  }
  ++facts_[plan_.actors[actor].worker].dead_letters[spec.name];
  log::error("A message was set aside as a dead letter",
             {{"actor", spec.name}, {"letter", *letter}, {"why", what}, {"incident", incident}});
  return {};
}

}  // namespace steady::runtime
