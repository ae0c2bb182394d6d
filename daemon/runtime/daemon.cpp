#include "runtime/daemon.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/plugin_path.hpp"
#include "observe/otlp.hpp"
#include "process/lock.hpp"
#include "process/usage.hpp"
#include "runtime/clock.hpp"
#include "runtime/directories.hpp"
#include "runtime/machine.hpp"
#include "topology/placement.hpp"

namespace steady::runtime {
namespace {

using supervision::ChildId;

/// Workers of a steadyd that was killed die with it; this is how long the kernel may take.
constexpr std::chrono::milliseconds kOldWorkersLimit = std::chrono::seconds(10);

/// Of the time between two looks at an actor no more than this counts against its watchdog.
constexpr std::chrono::nanoseconds kLongestGap = std::chrono::milliseconds(200);

/// What steadyd holds open for each process (pipes, socket, pidfd, crash page), for each actor (the scheduler's file of
/// its thread), and for itself, its clients and a start.
constexpr rlim_t kDescriptorsPerProcess = 5;
constexpr rlim_t kDescriptorsPerActor = 1;
constexpr rlim_t kOwnDescriptors = 128;

/// A thousand workers mean thousands of descriptors; takes all that we may have. Errors: they cannot be enough.
Status raise_descriptor_limit(std::size_t processes, std::size_t actors) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = kOwnDescriptors + kDescriptorsPerProcess * processes + kDescriptorsPerActor * actors;
  if (limit.rlim_max >= wanted) return {};
  return fail(ErrorCode::Invalid, "at most " + std::to_string(limit.rlim_max) + " files may be open, and " +
                                      std::to_string(processes) + " workers want " + std::to_string(wanted) +
                                      ": raise the limit (ulimit -Hn; LimitNOFILE= of the unit), or let actors share a worker");
}

}  // namespace

Daemon::Daemon(uv_loop_t* loop, Options options, config::Graph graph)
    : loop_(loop),
      options_(std::move(options)),
      graph_(std::move(graph)),
      plugins_(loop, executable_directory() + "/steadyd-worker", plugin_directories(graph_.plugin_path)),
      wiring_(options_.runtime_directory, options_.state_directory),
      triggers_(graph_),
      tunings_(graph_),
      fence_(ipc::register_membarrier() ? ipc::FenceMode::Membarrier : ipc::FenceMode::Full),
      started_at_(monotonic_now()) {}

Daemon::~Daemon() = default;

// ---- opening --------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Daemon>> Daemon::create(uv_loop_t* loop, Options options, config::Graph graph) {
  std::unique_ptr<Daemon> made(new Daemon(loop, std::move(options), std::move(graph)));
  if (auto opened = made->open_directories(); !opened) return tl::unexpected(std::move(opened.error()));
  if (auto resolved = made->resolve_plan(); !resolved) return tl::unexpected(std::move(resolved.error()));
  if (auto enough = raise_descriptor_limit(made->plan_.workers.size(), made->plan_.actors.size()); !enough)
    return tl::unexpected(std::move(enough.error()));
  // Before any segment is touched, so that a port in use leaves none behind. Nobody is answered before run().
  if (auto opened = made->open_doors(); !opened) return tl::unexpected(std::move(opened.error()));
  if (auto wired = made->wiring_.prepare(made->plan_); !wired) return tl::unexpected(std::move(wired.error()));
  // All at once, before anyone runs: a reader that starts first must not take a stream for ended.
  for (ChildId child = 0; child < made->plan_.workers.size(); ++child)
    if (auto reopened = made->wiring_.reopen(made->plan_, child); !reopened)
      return tl::unexpected(std::move(reopened.error()));
  made->sampler_.observe(made->plan_, made->wiring_);
  if (auto opened = made->open_records(); !opened) return tl::unexpected(std::move(opened.error()));
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
  place(resolution.plan);
  plan_ = std::move(resolution.plan);
  find_paths();
  for (const topology::PlannedActor& actor : plan_.actors) {
    if (!actor.unavailable.empty())
      log::error("An actor cannot run: its plugin is unusable", {{"actor", actor.spec.name}, {"why", actor.unavailable}});
    if (!actor.refused.empty())
      log::error("An actor cannot run: this machine does not allow its placement",
                 {{"actor", actor.spec.name}, {"why", actor.refused}});
  }
  return {};
}

/// The machine is looked at each time: CPUs come and go.
void Daemon::place(topology::Plan& plan) const {
  if (topology::wants_placement(graph_)) topology::place(plan, graph_, read_machine(options_.runtime_directory));
}

/// Why a start of this worker would be in vain, or nothing.
std::string Daemon::why_unstartable(ChildId child) const {
  for (const std::size_t index : plan_.workers[child].actors) {
    const topology::PlannedActor& actor = plan_.actors[index];
    if (!actor.unavailable.empty()) return actor.unavailable;
    if (!actor.refused.empty())
      return (plan_.workers[child].actors.size() > 1 ? actor.spec.name + ": " : "") + actor.refused;
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
  for (ChildId child = 0; child < specs.size(); ++child)
    if (plan_.actors[plan_.workers[child].actors.front()].spec.standby)
      workers_[child].spare.emplace(specs[child].child.start_timeout);
  blames_.resize(plan_.actors.size());
  clocks_.assign(plan_.actors.size(), HangClock(kLongestGap));
}

Status Daemon::open_records() {
  auto opened = records::Store::open(options_.state_directory + "/records.sqlite");
  if (!opened) return fail(std::move(opened.error()), "incidents and dead letters");
  if (!opened->set_aside.empty()) {
    wiring_.note_quarantined();
    log::warn("The records could not be used and were moved aside", {{"why", opened->set_aside}});
  }
  store_ = std::move(opened->store);
  symbolizer_.emplace(loop_, executable_directory() + "/steadyd-symbols");
  hooks_.emplace(loop_, graph_.name);
  incidents_.emplace(*store_, *symbolizer_);
  letters_.emplace(*store_, wiring_, sampler_, [this](const std::string& actor, const ipc::Command& command) {
    return send_to_actor(actor, command);
  });
  oom_kills_ = process::oom_kills();
  return letters_->load();
}

Status Daemon::open_doors() {
  auto control = control::Server::create(
      loop_, options_.socket,
      [this](const std::string& method, const nlohmann::json& params) { return answer(method, params); });
  if (!control) return fail(std::move(control.error()), "control socket");
  control_ = std::move(*control);
  if (options_.listen != "off" && !options_.listen.empty()) {
    auto http = observe::HttpServer::create(
        loop_, options_.listen, [this](const observe::Request& request) { return answer_http(request); });
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
      self->begin_drain(why, self->graph_.drain_timeout, true);
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

void Daemon::start_pushing() {
  if (graph_.telemetry.otlp.empty()) return;
  otlp_push_.emplace(loop_, executable_directory() + "/steadyd-otlp", graph_.telemetry.otlp,
                     graph_.telemetry.otlp_interval,
                     [this] { return observe::render_otlp(snapshot(), std::chrono::system_clock::now()); });
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
  spare_timer_ = UvHandle<uv_timer_t>::create(this);
  uv_timer_init(loop_, spare_timer_.get());
  pulse_timer_ = UvHandle<uv_timer_t>::create(this);
  uv_timer_init(loop_, pulse_timer_.get());
  if (std::ranges::any_of(plan_.actors, [](const auto& actor) { return actor.spec.watchdog.has_value(); })) start_pulse();
  start_pushing();
  perform(tree_->start(monotonic_now()));
  uv_run(loop_, UV_RUN_DEFAULT);
  return exit_code_;
}

}  // namespace steady::runtime
