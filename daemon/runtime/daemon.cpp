#include "runtime/daemon.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/plugin_path.hpp"
#include "base/units.hpp"
#include "observe/graph.hpp"
#include "observe/routes.hpp"
#include "process/lock.hpp"
#include "process/usage.hpp"
#include "runtime/directories.hpp"
#include "runtime/notify.hpp"
#include "runtime/relay.hpp"
#include "runtime/stop_report.hpp"

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;
using supervision::ChildId;

/// How long the streams may take to run empty before actors are stopped with messages still waiting for them.
constexpr nanoseconds kDrainLimit = std::chrono::seconds(5);
/// Workers of a steadyd that was killed die with it; this is how long the kernel may take.
constexpr std::chrono::milliseconds kOldWorkersLimit = std::chrono::seconds(10);

/// The clock of everything here; workers write their times with the same one.
nanoseconds monotonic_now() { return nanoseconds(static_cast<std::int64_t>(uv_hrtime())); }

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

/// One word for metrics: why a generation ended.
std::string reason_of(process::Ended how, bool was_ready, bool failed) {
  if (!was_ready) return "start_failed";
  if (failed) return "exception";
  if (how.signal == SIGKILL) return "killed";
  if (how.signal != 0) return "crash";
  return "exit";
}

/// Thousands of channels mean thousands of descriptors while workers start; take all that we may have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

Daemon::Daemon(uv_loop_t* loop, Options options, config::Graph graph)
    : loop_(loop),
      options_(std::move(options)),
      graph_(std::move(graph)),
      plugins_(loop, executable_directory() + "/steadyd-worker", plugin_directories(graph_.plugin_path)),
      wiring_(options_.runtime_directory, options_.state_directory),
      fence_(ipc::register_membarrier() ? ipc::FenceMode::Membarrier : ipc::FenceMode::Full),
      started_at_(monotonic_now()) {}

Daemon::~Daemon() = default;

// ---- opening --------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Daemon>> Daemon::create(uv_loop_t* loop, Options options, config::Graph graph) {
  raise_descriptor_limit();
  std::unique_ptr<Daemon> made(new Daemon(loop, std::move(options), std::move(graph)));
  if (auto opened = made->open_directories(); !opened) return tl::unexpected(std::move(opened.error()));
  if (auto resolved = made->resolve_plan(); !resolved) return tl::unexpected(std::move(resolved.error()));
  // Before any segment is touched, so that a port in use leaves none behind. Nobody is answered before run().
  if (auto opened = made->open_doors(); !opened) return tl::unexpected(std::move(opened.error()));
  if (auto wired = made->wiring_.prepare(made->plan_); !wired) return tl::unexpected(std::move(wired.error()));
  // All at once, before anyone runs: a reader that starts first must not take a stream for ended.
  for (ChildId child = 0; child < made->plan_.workers.size(); ++child)
    if (auto reopened = made->wiring_.reopen(made->plan_, child); !reopened)
      return tl::unexpected(std::move(reopened.error()));
  made->sampler_.observe(made->plan_, made->wiring_);
  made->build_tree();
  made->watch_signals();
  return made;
}

Status Daemon::open_directories() {
  for (const std::string* const directory : {&options_.runtime_directory, &options_.state_directory}) {
    if (auto made = make_directories(*directory); !made) return made;
    if (::access(directory->c_str(), W_OK | X_OK) != 0) return fail_errno(*directory);
  }
  auto runtime_lock = process::lock_directory(options_.runtime_directory);
  if (!runtime_lock) return tl::unexpected(std::move(runtime_lock.error()));
  runtime_lock_ = std::move(*runtime_lock);
  if (options_.state_directory != options_.runtime_directory) {
    auto state_lock = process::lock_directory(options_.state_directory);
    if (!state_lock) return tl::unexpected(std::move(state_lock.error()));
    state_lock_ = std::move(*state_lock);
  }
  if (!is_in_memory(options_.runtime_directory))
    log::warn("The runtime directory is on a disk: every page that a channel touches is written back to it",
              {{"directory", options_.runtime_directory}});
  return process::wait_for_workers(options_.runtime_directory, kOldWorkersLimit);
}

Status Daemon::resolve_plan() {
  std::set<std::string> names;
  for (const config::Actor& actor : graph_.actors) names.insert(actor.plugin);
  plugins_.look(names, [] {});
  while (plugins_.looking()) uv_run(loop_, UV_RUN_ONCE);
  topology::Resolution resolution = topology::resolve(graph_, plugins_.descriptions());
  if (!resolution.diagnostics.empty()) {
    std::string all = config::print(resolution.diagnostics);
    if (!all.empty() && all.back() == '\n') all.pop_back();
    return fail(ErrorCode::Invalid, std::move(all));
  }
  plan_ = std::move(resolution.plan);
  for (const topology::PlannedActor& actor : plan_.actors)
    if (!actor.unavailable.empty())
      log::error("An actor cannot run: its plugin is unusable", {{"actor", actor.spec.name}, {"why", actor.unavailable}});
  return {};
}

/// Why a start of this worker would be in vain, or nothing.
std::string Daemon::why_unstartable(ChildId child) const {
  for (const std::size_t index : plan_.workers[child].actors) {
    const topology::PlannedActor& actor = plan_.actors[index];
    if (!actor.unavailable.empty()) return actor.unavailable;
    for (const topology::End& end : actor.inputs)
      if (const topology::PlannedChannel& channel = plan_.channels[end.channel]; !channel.known)
        return "nobody knows what its channel " + channel.name + " carries: the producer's plugin is unusable";
  }
  return {};
}

void Daemon::build_tree() {
  std::vector<supervision::WorkerSpec> specs;
  for (const topology::PlannedWorker& worker : plan_.workers) {
    supervision::WorkerSpec spec;
    const config::Actor& first = plan_.actors[worker.actors.front()].spec;
    spec.child.name = worker.name;
    spec.child.restart = first.restart;
    spec.child.shutdown = first.shutdown;
    spec.child.significant = first.significant;
    spec.child.start_timeout = first.start_timeout;
    for (const std::size_t index : worker.actors) {
      const topology::PlannedActor& actor = plan_.actors[index];
      spec.actors.push_back(actor.spec.name);
    }
    spec.child.unstartable = why_unstartable(specs.size());
    spec.child.startable = spec.child.unstartable.empty();
    specs.push_back(std::move(spec));
  }
  const auto seed = static_cast<std::uint64_t>(monotonic_now().count()) ^ static_cast<std::uint64_t>(::getpid());
  tree_.emplace(graph_.supervision, specs, seed);
  workers_.resize(specs.size());
  facts_.resize(specs.size());
}

Status Daemon::open_doors() {
  auto control = control::Server::create(
      loop_, options_.socket,
      [this](const std::string& method, const nlohmann::json& params) { return answer(method, params); });
  if (!control) return fail(std::move(control.error()), "control socket");
  control_ = std::move(*control);
  if (options_.listen != "off" && !options_.listen.empty()) {
    auto http = observe::HttpServer::create(
        loop_, options_.listen, [this](const observe::Request& request) { return observe::route(request, snapshot()); });
    if (!http) return fail(std::move(http.error()), "telemetry");
    http_ = std::move(*http);
  }
  return {};
}

void Daemon::watch_signals() {
  const auto on_signal = [](uv_signal_t* handle, int number) {
    auto* const self = static_cast<Daemon*>(handle->data);
    const std::string why = number == SIGTERM ? "SIGTERM" : "SIGINT";
    if (self->phase_ == Phase::Running) {
      self->begin_drain(why);
    } else {
      self->stop_now(why + " again");
    }
  };
  for (const int number : {SIGTERM, SIGINT}) {
    auto handle = UvHandle<uv_signal_t>::create(this);
    uv_signal_init(loop_, handle.get());
    uv_signal_start(handle.get(), on_signal, number);
    signals_.push_back(std::move(handle));
  }
}

int Daemon::run() {
  tree_timer_ = UvHandle<uv_timer_t>::create(this);
  uv_timer_init(loop_, tree_timer_.get());
  frame_timer_ = UvHandle<uv_timer_t>::create(this);
  uv_timer_init(loop_, frame_timer_.get());
  const auto frame_ms = static_cast<std::uint64_t>(graph_.telemetry.frame.count() / 1'000'000);
  uv_timer_start(
      frame_timer_.get(), [](uv_timer_t* timer) { static_cast<Daemon*>(timer->data)->frame(); }, frame_ms, frame_ms);
  log::info("steadyd is up", {{"service", graph_.name},
                              {"version", STEADY_VERSION},
                              {"actors", plan_.actors.size()},
                              {"socket", options_.socket},
                              {"http", http_ ? "http://" + options_.listen.substr(0, options_.listen.rfind(':')) + ":" +
                                                   std::to_string(http_->port()) + "/"
                                             : std::string("off")}});
  perform(tree_->start(monotonic_now()));
  uv_run(loop_, UV_RUN_DEFAULT);
  return exit_code_;
}

// ---- carrying out decisions -----------------------------------------------------------------------------------------

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
    const ChildId child = unspawned_.back();
    unspawned_.pop_back();
    auto more = tree_->exited(child, supervision::Exit::StartFailed, monotonic_now());
    actions_.insert(actions_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  performing_ = false;
  arm_timer();
}

void Daemon::carry_out(const supervision::Action& action) {
  std::visit(Overloaded{
                 [&](const supervision::Start& start) { start_worker(start.child); },
                 [&](const supervision::Terminate& stop) {
                   if (workers_[stop.child].process) workers_[stop.child].process->send(ipc::print(ipc::Command::Stop));
                 },
                 [&](const supervision::Kill& kill) {
                   if (!workers_[kill.child].process) return;
                   log::warn("Killing a worker", {{"actor", actors_of(kill.child)}, {"why", text(kill.reason)}});
                   workers_[kill.child].process->kill(SIGKILL);
                 },
                 [&](const supervision::Restarting& restarting) {
                   facts_[restarting.child].restarts[workers_[restarting.child].last_reason]++;
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
  workers_[child].failure.clear();
  const auto spawned = spawn_worker(child);
  if (spawned) return;
  facts_[child].last_end = spawned.error().message;
  workers_[child].last_reason = "start_failed";
  log::error("A worker could not be started", {{"actor", actors_of(child)}, {"why", spawned.error().message}});
  unspawned_.push_back(child);
}

Status Daemon::spawn_worker(ChildId child) {
  const bool reopen = workers_[child].reopen;
  if (reopen)
    if (auto reopened = wiring_.reopen(plan_, child); !reopened) return reopened;
  auto order = wiring_.order_for(plan_, child, plugins_, fence_, reopen);
  if (!order) return tl::unexpected(std::move(order.error()));
  process::Spawn spawn;
  spawn.command = {executable_directory() + "/steadyd-worker", "--control"};
  spawn.inherit = order->fds;
  process::Process::Handlers handlers;
  handlers.on_line = [this, child](process::Stream stream, std::string_view line) { worker_line(child, stream, line); };
  handlers.on_end = [this, child](process::Ended how) { worker_ended(child, how); };
  auto process = process::Process::spawn(loop_, spawn, std::move(handlers));
  if (!process) return tl::unexpected(std::move(process.error()));
  (*process)->send(ipc::print(order->plan));
  facts_[child].pid = (*process)->pid();
  facts_[child].memory_bytes = 0;
  workers_[child].process = std::move(*process);
  return {};
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

// ---- what workers do ------------------------------------------------------------------------------------------------

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

void Daemon::worker_line(ChildId child, process::Stream stream, std::string_view line) {
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
  const auto actor = find_actor(event.actor);
  const std::uint64_t generation = sampler_.generation(actor.value_or(plan_.workers[child].actors.front()));
  switch (event.kind) {
    case ipc::Event::Kind::Ready:
      log::info("Worker is ready", {{"actor", actors_of(child)}, {"generation", generation}, {"pid", facts_[child].pid}});
      if (phase_ == Phase::Draining && workers_[child].process)
        workers_[child].process->send(ipc::print(ipc::Command::Drain));
      workers_[child].reopen = false;
      look_at_process(facts_[child]);
      return perform(tree_->ready(child, monotonic_now()));
    case ipc::Event::Kind::Log: return relay_line(event.level, event.text, event.actor, generation);
    case ipc::Event::Kind::Failed:
      workers_[child].failure = plan_.workers[child].actors.size() > 1 ? event.actor + ": " + event.text : event.text;
      return;
    case ipc::Event::Kind::Violation: return stop_violator(event);
    case ipc::Event::Kind::Migrated:
      if (actor) wiring_.end_migration(plan_.actors[*actor]);
      return log::info("The state was taken over from an older version", {{"actor", event.actor}});
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

void Daemon::worker_ended(ChildId child, process::Ended how) {
  Worker& worker = workers_[child];
  WorkerFacts& facts = facts_[child];
  const auto status = tree_->child(child);
  const bool was_ready = status.state != supervision::State::Starting;
  const bool finished = sampler_.finished(plan_, child);
  facts.last_end = worker.failure.empty() ? how.text() : worker.failure;
  worker.last_reason = reason_of(how, was_ready, !worker.failure.empty());
  facts.cpu_seconds_before += facts.cpu_seconds;
  facts.cpu_seconds = 0;
  facts.pid = 0;
  worker.process.reset();
  worker.reopen = worker.reopen || finished;
  const bool expected = status.state == supervision::State::Stopping || finished;
  if (expected) {
    facts.last_end.clear();
    log::info(finished ? "Worker has finished" : "Worker has stopped", {{"actor", actors_of(child)}});
  } else {
    log::warn("Worker died", {{"actor", actors_of(child)},
                              {"generation", sampler_.generation(plan_.workers[child].actors.front())},
                              {"why", facts.last_end}});
  }
  const auto exit = finished      ? supervision::Exit::Finished
                    : how.clean() ? supervision::Exit::Normal
                                  : supervision::Exit::Abnormal;
  perform(tree_->exited(child, exit, monotonic_now()));
  if (phase_ == Phase::Draining) return end_drain_when_done();
  for (ChildId other = 0; other < tree_->child_count(); ++other)
    if (tree_->child(other).state != supervision::State::Finished) return;
  if (phase_ == Phase::Running) log::info("Every stream has ended; steadyd waits for an operator");
}

// ---- what people ask for --------------------------------------------------------------------------------------------

control::Answer Daemon::answer(const std::string& method, const nlohmann::json& params) {
  if (method == "status") return nlohmann::json::parse(observe::render_json(snapshot()));
  if (method == "version") return nlohmann::json{{"version", STEADY_VERSION}};
  if (method == "graph") {
    if (params.is_object() && params.value("format", "json") == "dot") return observe::render_dot(snapshot());
    return nlohmann::json::parse(observe::render_json(snapshot()));
  }
  if (method == "shutdown") {
    if (phase_ == Phase::Running) begin_drain("steadyctl shutdown");
    return nlohmann::json::object();
  }
  if (method == "start" || method == "stop" || method == "restart") {
    if (auto done = operate(method, params.at("actor").get<std::string>()); !done) return fail(done.error(), method);
    return nlohmann::json::object();
  }
  return control::unknown_method(method);
}

Status Daemon::operate(const std::string& verb, const std::string& name) {
  const auto actor = find_actor(name);
  if (!actor) return fail(ErrorCode::NotFound, "there is no actor '" + name + "'");
  if (phase_ != Phase::Running) return fail(ErrorCode::Busy, "the service is stopping");
  const ChildId child = plan_.actors[*actor].worker;
  log::info("Operator: " + verb, {{"actor", name}});
  if (verb != "stop") return start_again(child, verb == "restart");
  auto actions = tree_->operator_stop(child, monotonic_now());
  if (!actions) return tl::unexpected(std::move(actions.error()));
  perform(std::move(*actions));
  return {};
}

/// The plugins whose files may be looked at anew: those that no other worker is running.
std::set<std::string> Daemon::plugins_to_look_at(ChildId child) const {
  std::set<std::string> names;
  for (const std::size_t index : plan_.workers[child].actors) names.insert(plan_.actors[index].spec.plugin);
  for (const topology::PlannedActor& actor : plan_.actors)
    if (actor.worker != child && facts_[actor.worker].pid != 0) names.erase(actor.spec.plugin);
  return names;
}

/// Looks at changed plugin files first, which may take until they are described; then starts. An error of what comes
/// later shows in the log and in `status`.
Status Daemon::start_again(ChildId child, bool restart) {
  if (plugins_.looking()) return fail(ErrorCode::Busy, "another plugin is being looked at; try again in a moment");
  const auto result = std::make_shared<Status>();
  plugins_.look(plugins_to_look_at(child), [this, child, restart, result] {
    *result = adopt_plugins(child);
    if (!*result) {
      log::error("An actor cannot start", {{"actor", actors_of(child)}, {"why", result->error().message}});
      return;
    }
    if (restart) facts_[child].restarts["operator"]++;
    auto actions = restart ? tree_->operator_restart(child, monotonic_now())
                           : tree_->operator_start(child, monotonic_now());
    if (!actions) {
      *result = tl::unexpected(std::move(actions.error()));
      return;
    }
    perform(std::move(*actions));
    start_enabled_readers(child);
    start_finished_readers(child);
  });
  return *result;
}

/// A running neighbour that has mapped a channel which would carry another message in `next`; empty when there is none.
std::string Daemon::peer_of_changed_message(const topology::Plan& next, ChildId child) const {
  const auto touches = [&](std::size_t actor) { return plan_.actors[actor].worker == child; };
  for (std::size_t i = 0; i < plan_.channels.size(); ++i) {
    const topology::PlannedChannel& before = plan_.channels[i];
    const topology::PlannedChannel& after = next.channels[i];
    const bool same = before.frames == after.frames && before.message.size_bytes == after.message.size_bytes &&
                      before.message.fields == after.message.fields;
    if (same || !before.known) continue;
    std::vector<std::size_t> ends = before.consumers;
    ends.push_back(before.producer);
    if (std::none_of(ends.begin(), ends.end(), touches)) continue;
    for (const std::size_t actor : ends)
      if (!touches(actor) && facts_[plan_.actors[actor].worker].pid != 0) return plan_.actors[actor].spec.name;
  }
  return {};
}

Status Daemon::adopt_plugins(ChildId child) {
  topology::Resolution resolution = topology::resolve(graph_, plugins_.descriptions());
  if (!resolution.diagnostics.empty()) {
    tree_->set_startable(child, false, resolution.diagnostics.front().text());
    return fail(ErrorCode::Invalid, resolution.diagnostics.front().text());
  }
  if (const std::string peer = peer_of_changed_message(resolution.plan, child); !peer.empty())
    return fail(ErrorCode::Busy, "it now sends or takes another message than before, and " + peer +
                                     " still runs with the old one; stop that first");
  plan_ = std::move(resolution.plan);
  const std::string unstartable = why_unstartable(child);
  tree_->set_startable(child, unstartable.empty(), unstartable);
  if (!unstartable.empty()) return fail(ErrorCode::Invalid, unstartable);
  if (auto prepared = wiring_.prepare_worker(plan_, child); !prepared) return prepared;
  sampler_.observe(plan_, wiring_);
  return {};
}

/// Readers that could not start because nobody knew what this producer sends.
void Daemon::start_enabled_readers(ChildId child) {
  for (const std::size_t index : plan_.workers[child].actors)
    for (const topology::End& end : plan_.actors[index].outputs)
      for (const std::size_t consumer : plan_.channels[end.channel].consumers) {
        const ChildId reader = plan_.actors[consumer].worker;
        if (reader == child || facts_[reader].pid != 0 || tree_->is_startable(reader)) continue;
        if (!why_unstartable(reader).empty()) continue;
        tree_->set_startable(reader, true, "");
        if (auto prepared = wiring_.prepare_worker(plan_, reader); !prepared) continue;
        sampler_.observe(plan_, wiring_);
        if (auto actions = tree_->operator_start(reader, monotonic_now())) perform(std::move(*actions));
      }
}

/// A stream that flows again needs its readers: those that had finished start again, and theirs.
void Daemon::start_finished_readers(ChildId child) {
  for (const std::size_t index : plan_.workers[child].actors)
    for (const topology::End& end : plan_.actors[index].outputs)
      for (const std::size_t consumer : plan_.channels[end.channel].consumers) {
        const ChildId reader = plan_.actors[consumer].worker;
        if (reader == child || tree_->child(reader).state != supervision::State::Finished) continue;
        if (auto actions = tree_->operator_start(reader, monotonic_now())) perform(std::move(*actions));
        start_finished_readers(reader);
      }
}

observe::Snapshot Daemon::snapshot() {
  const nanoseconds now = monotonic_now();
  observe::Snapshot made = sampler_.snapshot(plan_, *tree_, facts_, now);
  made.name = graph_.name;
  made.version = STEADY_VERSION;
  made.uptime_seconds = std::chrono::duration<double>(now - started_at_).count();
  made.segments_quarantined = wiring_.quarantined();
  made.topology_version = 1;
  if (phase_ != Phase::Running && made.ready) {
    made.ready = false;
    made.stopping = true;
    made.not_ready.push_back("the service is stopping");
  }
  return made;
}

// ---- time and end ---------------------------------------------------------------------------------------------------

void Daemon::frame() {
  sampler_.tick(monotonic_now());
  if (frames_++ % 10 == 0) look_at_processes();
  if (phase_ == Phase::Draining) end_drain_when_done();
  if (told_ready_) return;
  for (ChildId child = 0; child < tree_->child_count(); ++child) {
    const auto state = tree_->child(child).state;
    if (state == supervision::State::Starting || state == supervision::State::Stopped) return;
  }
  told_ready_ = true;  // every actor has been started once, or is known to be unable to
  notify_ready();
  notify_status("Serving " + std::to_string(plan_.actors.size()) + " actors");
}

void Daemon::look_at_processes() {
  for (WorkerFacts& facts : facts_) look_at_process(facts);
}

void Daemon::look_at_process(WorkerFacts& facts) {
  const auto usage = facts.pid == 0 ? std::nullopt : process::usage_of(facts.pid);
  if (!usage) return;
  facts.cpu_seconds = std::max(facts.cpu_seconds, usage->cpu_seconds);
  facts.memory_bytes = usage->memory_bytes;
}

void Daemon::begin_drain(const std::string& why) {
  log::info("Stopping: sources end, the rest runs empty", {{"why", why}, {"limit", format_duration(kDrainLimit)}});
  notify_stopping();
  phase_ = Phase::Draining;
  drain_until_ = monotonic_now() + kDrainLimit;
  for (Worker& worker : workers_)
    if (worker.process) worker.process->send(ipc::print(ipc::Command::Drain));
  end_drain_when_done();
}

DrainView Daemon::drain_view() const {
  DrainView view;
  for (ChildId child = 0; child < workers_.size(); ++child)
    view.at_rest.push_back(supervision::at_rest(tree_->child(child).state));
  sampler_.describe_channels(plan_, view);
  return view;
}

void Daemon::end_drain_when_done() {
  const bool done = drained_as_far_as_possible(drain_view());
  if (!done && monotonic_now() < drain_until_) return;
  if (!done) log::warn("The drain took too long; stopping what is left");
  phase_ = Phase::Stopping;
  perform(tree_->stop_all(monotonic_now()));
}

/// The operator is done waiting.
void Daemon::stop_now(const std::string& why) {
  log::warn("Stopping at once", {{"why", why}});
  phase_ = Phase::Stopping;
  for (Worker& worker : workers_)
    if (worker.process) worker.process->kill(SIGKILL);
  perform(tree_->stop_all(monotonic_now()));
}

/// Not at once: what led here may be a control connection, which still has its answer to write.
void Daemon::close_up_soon(const supervision::Shutdown& shutdown) {
  shutdown_ = shutdown;
  phase_ = Phase::Stopping;
  uv_timer_start(
      frame_timer_.get(),
      [](uv_timer_t* timer) {
        auto* const self = static_cast<Daemon*>(timer->data);
        self->close_up(self->shutdown_);
      },
      0, 0);
}

void Daemon::close_up(const supervision::Shutdown& shutdown) {
  const StopReport report = report_stop(snapshot());
  for (const std::string& line : report.lines) log::warn("Left at the stop: " + line);
  if (report.drained) wiring_.remove_drained(plan_);
  log::info(report.drained ? "steadyd has stopped; nothing is left over"
                           : "steadyd has stopped; what is left waits for the next start",
            {{"why", shutdown.why}});
  phase_ = Phase::Over;
  exit_code_ = shutdown.exit_code;
  http_.reset();
  control_.reset();
  tree_timer_.reset();
  frame_timer_.reset();
  signals_.clear();  // the loop ends when the last handle is closed
}

}  // namespace steady::runtime
