// Carries out what the tree decides, and listens to the workers.
#include <signal.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/log.hpp"
#include "base/plugin_path.hpp"
#include "base/units.hpp"
#include "process/usage.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"
#include "runtime/relay.hpp"

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;
using supervision::ChildId;

/// How much of a worker's last words an incident keeps.
constexpr std::size_t kStderrLines = 50;

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

const char* text(supervision::KillReason reason) {
  switch (reason) {
    case supervision::KillReason::StartTimedOut: return "it was not ready in time";
    case supervision::KillReason::GraceOver: return "it did not stop in time";
    case supervision::KillReason::BrutalKill: return "its shutdown is brutal_kill";
    case supervision::KillReason::SupervisorGraceOver: return "its supervisor did not stop in time";
  }
  return "";
}

/// For people: a delay with jitter has nine digits, of which the first few matter.
std::string rounded(nanoseconds duration) {
  return format_duration(std::chrono::round<std::chrono::milliseconds>(duration));
}

}  // namespace

/// Actions may cause events that cause actions: one queue keeps their order.
void Daemon::perform(supervision::Actions actions) {
  actions_.insert(actions_.end(), std::make_move_iterator(actions.begin()), std::make_move_iterator(actions.end()));
  if (performing_) return;
  performing_ = true;
  while (!actions_.empty() || !unspawned_.empty()) {
    if (!actions_.empty()) {
      const supervision::Action action = std::move(actions_.front());
      actions_.pop_front();
      carry_out(action);
      continue;
    }
    // What could not be spawned is news to the tree, told once all that it had decided before is carried out.
    const Unspawned failed = std::move(unspawned_.back());
    unspawned_.pop_back();
    facts_[failed.child].last_end = failed.why;
    workers_[failed.child].last_cause = word(Cause::StartFailed);
    log::error("A worker could not be started", {{"actor", actors_of(failed.child)}, {"why", failed.why}});
    auto more = tree_->exited(failed.child, supervision::Exit::StartFailed, monotonic_now());
    actions_.insert(actions_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  performing_ = false;
  arm_timer();
  tend_spares();
}

/// Carries out the starts. Everything else of a death can wait: the log, the record, the rest of what was decided.
void Daemon::start_at_once(supervision::Actions& actions) {
  std::erase_if(actions, [&](const supervision::Action& action) {
    const auto* const start = std::get_if<supervision::Start>(&action);
    if (start != nullptr) start_worker(start->child);
    return start != nullptr;
  });
}

void Daemon::carry_out(const supervision::Action& action) {
  std::visit(Overloaded{
                 [&](const supervision::Start& start) { start_worker(start.child); },
                 [&](const supervision::Terminate& stop) {
                   if (workers_[stop.child].process) workers_[stop.child].process->send(ipc::print(ipc::Command{ipc::Command::Kind::Stop}));
                 },
                 [&](const supervision::Kill& kill) {
                   if (!workers_[kill.child].process) return;
                   log::warn("Killing a worker", {{"actor", actors_of(kill.child)}, {"why", text(kill.reason)}});
                   if (kill.reason == supervision::KillReason::BrutalKill) {
                     workers_[kill.child].process->kill(SIGKILL);
                   } else {
                     const bool starting = kill.reason == supervision::KillReason::StartTimedOut;
                     kill_with_stack(kill.child, starting ? Killing::StartTimeout : Killing::Stop,
                                     actor_in_call(kill.child));
                   }
                 },
                 [&](const supervision::Restarting& restarting) {
                   facts_[restarting.child].restarts[workers_[restarting.child].last_cause]++;
                   log::warn("Restarting", {{"actor", actors_of(restarting.child)},
                                            {"why", facts_[restarting.child].last_end},
                                            {"in", rounded(restarting.delay)}});
                 },
                 [&](const supervision::RestartingSupervisor& restarting) {
                   log::warn("Restarting a supervisor with everything beneath it",
                             {{"supervisor", tree_->supervisor(restarting.supervisor, monotonic_now()).name},
                              {"why", restarting.why},
                              {"in", rounded(restarting.delay)}});
                 },
                 [&](const supervision::GaveUp& gave_up) {
                   log::error("A supervisor gave up",
                              {{"supervisor", tree_->supervisor(gave_up.supervisor, monotonic_now()).name},
                               {"why", gave_up.why}});
                 },
                 [&](const supervision::Shutdown& shutdown) { close_up_soon(shutdown); },
             },
             action);
}

void Daemon::start_worker(ChildId child) {
  if (const auto spawned = spawn_worker(child); !spawned) unspawned_.push_back({child, spawned.error().message});
}

Status Daemon::spawn_worker(ChildId child) {
  Worker& worker = workers_[child];
  if (worker.reopen)
    if (auto reopened = wiring_.reopen(plan_, child); !reopened) return reopened;
  auto launched = launch(child);
  if (!launched) return tl::unexpected(std::move(launched.error()));
  facts_[child].pid = launched->process->pid();
  facts_[child].memory_bytes = 0;
  worker.process = std::move(launched->process);
  worker.crash.emplace(std::move(launched->crash));
  worker.failure.clear();
  worker.failed_actor.reset();
  worker.stderr_tail.clear();
  worker.killing = Killing::None;
  worker.hung_actor.reset();
  worker.kill_at.reset();
  for (const std::size_t actor : plan_.workers[child].actors) clocks_[actor].reset();
  return {};
}

/// The spare when there is one that fits, otherwise a new process.
Result<Daemon::Launched> Daemon::launch(ChildId child) {
  if (auto spare = take_spare(child)) {
    if (auto completed = complete(child, spare->plan); !completed) {
      workers_[child].spare_process = std::move(spare);
      end_spare(child);
      return tl::unexpected(std::move(completed.error()));
    }
    spare->process->hand_to(worker_handlers(child));
    spare->process->send(ipc::print_takeover(spare->plan));
    return std::move(*spare);
  }
  auto order = wiring_.order_for(plan_, child, plugins_, {fence_, graph_.telemetry.sampling});
  if (!order) return tl::unexpected(std::move(order.error()));
  return launch(std::move(*order), worker_handlers(child), [&](ipc::WorkerPlan& plan) { return complete(child, plan); });
}

/// The process comes first: it takes longer to come up than the plan to be completed.
Result<Daemon::Launched> Daemon::launch(WorkerOrder order, process::Process::Handlers handlers,
                                        const std::function<Status(ipc::WorkerPlan&)>& complete) {
  static const std::string program = executable_directory() + "/steadyd-worker";
  process::Spawn spawn;
  spawn.command = {program, "--control"};
  spawn.inherit = order.fds;
  auto process = process::Process::spawn(loop_, spawn, std::move(handlers));
  if (!process) return tl::unexpected(std::move(process.error()));
  auto crash = ipc::CrashView::open(order.crash_page);
  auto completed = crash ? complete(order.plan) : Status(tl::unexpected(std::move(crash.error())));
  if (!completed) {
    dismiss(std::move(*process));
    return tl::unexpected(std::move(completed.error()));
  }
  std::string text = ipc::print(order.plan);
  (*process)->send(text);
  return Launched{std::move(*process), std::move(*crash), std::move(order.plan), std::move(text), std::move(order.files)};
}

/// What is true of this start only.
Status Daemon::complete(ChildId child, ipc::WorkerPlan& plan) {
  if (auto raised = wiring_.raise_generations(plan_, child, plan); !raised) return raised;
  for (ipc::ActorPlan& actor : plan.actors) {
    actor.reopen = workers_[child].reopen;
    actor.careful = workers_[child].careful;
  }
  wiring_.tune(plan_, child, plan);
  letters_->fill(plan_, plan);
  return {};
}

process::Process::Handlers Daemon::worker_handlers(ChildId child) {
  return {.on_line = [this, child](process::Stream stream, std::string_view line) { worker_line(child, stream, line); },
          .on_end = [this, child](process::Ended how) { worker_ended(child, how); }};
}

void Daemon::arm_timer() {
  const auto next = tree_ ? tree_->next_timer() : std::nullopt;
  if (!next || !tree_timer_) {
    if (tree_timer_) uv_timer_stop(tree_timer_.get());
    return;
  }
  const nanoseconds left = std::max(*next - monotonic_now(), nanoseconds(0));
  const auto milliseconds = static_cast<std::uint64_t>((left.count() + 999'999) / 1'000'000);  // never too early
  uv_update_time(loop_);
  uv_timer_start(
      tree_timer_.get(),
      [](uv_timer_t* timer) {
        auto* const self = static_cast<Daemon*>(timer->data);
        self->perform(self->tree_->tick(monotonic_now()));
      },
      milliseconds, 0);
}

std::string Daemon::actors_of(ChildId child) const {
  std::string names;
  for (const std::size_t index : plan_.workers[child].actors)
    names += (names.empty() ? "" : ",") + plan_.actors[index].spec.name;
  return names;
}

std::optional<std::size_t> Daemon::find_actor(std::string_view name) const {
  for (std::size_t i = 0; i < plan_.actors.size(); ++i)
    if (plan_.actors[i].spec.name == name) return i;
  return std::nullopt;
}

/// Of this worker's.
std::optional<std::size_t> Daemon::find_actor(ChildId child, std::string_view name) const {
  for (const std::size_t actor : plan_.workers[child].actors)
    if (plan_.actors[actor].spec.name == name) return actor;
  return std::nullopt;
}

void Daemon::worker_line(ChildId child, process::Stream stream, std::string_view line) {
  if (stream == process::Stream::Error) {
    auto& tail = workers_[child].stderr_tail;
    tail.emplace_back(line);
    if (tail.size() > kStderrLines) tail.pop_front();
  }
  if (stream != process::Stream::Control) {
    relay_line(stream == process::Stream::Error ? "warn" : "info", line, actors_of(child),
               sampler_.generation(plan_.workers[child].actors.front()));
    return;
  }
  const auto event = ipc::parse_event(line);
  if (event) return worker_event(child, *event);
  log::warn("A worker wrote a line that is no event", {{"actor", actors_of(child)}, {"why", event.error().message}});
}

void Daemon::worker_event(ChildId child, const ipc::Event& event) {
  const auto actor = find_actor(child, event.actor);
  const std::uint64_t generation = sampler_.generation(actor.value_or(plan_.workers[child].actors.front()));
  switch (event.kind) {
    case ipc::Event::Kind::Prepared: return;  // a spare's: it is no worker any more when this is read late
    case ipc::Event::Kind::Ready:
      if (phase_ == Phase::Draining && workers_[child].process)
        workers_[child].process->send(ipc::print(ipc::Command{ipc::Command::Kind::Drain}));
      workers_[child].reopen = false;
      perform(tree_->ready(child, monotonic_now()));
      // The rest comes later, as others may have waited for it to start.
      log::info("Worker is ready", {{"actor", actors_of(child)}, {"generation", generation}, {"pid", facts_[child].pid}});
      look_at_process(facts_[child]);
      return return_letters(child);
    case ipc::Event::Kind::Log: return relay_line(event.level, event.text, event.actor, generation);
    case ipc::Event::Kind::Failed:
      workers_[child].failure = plan_.workers[child].actors.size() > 1 ? event.actor + ": " + event.text : event.text;
      workers_[child].failed_actor = actor;
      return;
    case ipc::Event::Kind::Violation: return stop_violator(event);
    case ipc::Event::Kind::Migrated:
      if (actor) wiring_.end_migration(plan_.actors[*actor]);
      return log::info("The state was taken over from an older version", {{"actor", event.actor}});
    case ipc::Event::Kind::Skipped: return letters_->stepped_over(event.actor, event.channel, event.number);
    case ipc::Event::Kind::Replayed: return letters_->put_back(event.actor, event.number);
    case ipc::Event::Kind::Repaired:
      return log::info("An interrupted commit was finished", {{"actor", event.actor}, {"generation", generation}});
  }
}

/// Whoever wrote what cannot be right is stopped for good: a restart would find the same words.
void Daemon::stop_violator(const ipc::Event& event) {
  log::error("A channel " + event.text,
             {{"channel", event.channel}, {"written_by", event.peer}, {"found_by", event.actor}});
  const auto actor = find_actor(event.peer);
  if (!actor) return;
  auto actions = tree_->operator_stop(plan_.actors[*actor].worker, monotonic_now());
  if (actions) perform(std::move(*actions));
}

/// Also those that were asked for while the worker was starting, or dying.
void Daemon::return_letters(ChildId child) {
  for (const std::size_t actor : plan_.workers[child].actors) {
    const std::string& name = plan_.actors[actor].spec.name;
    for (const ipc::Command& command : letters_->waiting_for(plan_, name)) send_to_actor(name, command);
  }
}

/// Only to one that is ready: any other is told when it is.
bool Daemon::send_to_actor(const std::string& actor, const ipc::Command& command) {
  const auto index = find_actor(actor);
  if (!index) return false;
  const ChildId child = plan_.actors[*index].worker;
  if (!workers_[child].process || tree_->child(child).state != supervision::State::Running) return false;
  workers_[child].process->send(ipc::print(command));
  return true;
}

}  // namespace steady::runtime
