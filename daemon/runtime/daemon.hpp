// The running service: carries out what the supervision tree decides, and answers those who look. Owns everything else.
// Loop thread only; the daemon has no other.
//
// Its parts, one file each: daemon.cpp opens and runs, daemon_workers.cpp starts workers and listens to them,
// daemon_standby.cpp keeps spares beside them,
// daemon_deaths.cpp finds out what they died of and who is to blame, daemon_watch.cpp notices those that hang,
// daemon_triggers.cpp looks at the triggers of the configuration,
// daemon_tuning.cpp changes thresholds and holds latency targets,
// daemon_operator.cpp, daemon_records.cpp, daemon_logs.cpp,
// daemon_channels.cpp and daemon_page.cpp answer people, daemon_stop.cpp drains and stops,
// daemon_upgrade.cpp goes on as another binary.
#pragma once

#include <uv.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "base/uv_handle.hpp"
#include "config/model.hpp"
#include "control/server.hpp"
#include "ipc/fence.hpp"
#include "ipc/protocol.hpp"
#include "observe/http.hpp"
#include "observe/snapshot.hpp"
#include "ipc/crash_page.hpp"
#include "process/process.hpp"
#include "process/query.hpp"
#include "records/store.hpp"
#include "runtime/blame.hpp"
#include "runtime/death.hpp"
#include "runtime/drain.hpp"
#include "runtime/hang.hpp"
#include "runtime/hooks.hpp"
#include "runtime/incidents.hpp"
#include "runtime/latency_control.hpp"
#include "runtime/letters.hpp"
#include "runtime/otlp_push.hpp"
#include "runtime/plugins.hpp"
#include "runtime/sampler.hpp"
#include "runtime/spare.hpp"
#include "runtime/stop_report.hpp"
#include "runtime/symbolizer.hpp"
#include "runtime/triggers.hpp"
#include "runtime/tunings.hpp"
#include "runtime/wiring.hpp"
#include "supervision/tree.hpp"
#include "topology/plan.hpp"

namespace steady::runtime {

struct Options {
  std::string runtime_directory;
  std::string state_directory;
  std::string listen;  ///< "off": no HTTP
  std::string socket;
  std::string config;  ///< the file, for the check before an upgrade
};

class Daemon {
 public:
  /// Takes the directories, describes the plugins, makes the segments, opens control socket and HTTP. Starts no worker.
  /// Errors: everything that makes a start pointless, each with what to do about it.
  [[nodiscard]] static Result<std::unique_ptr<Daemon>> create(uv_loop_t* loop, Options options, config::Graph graph);
  ~Daemon();

  /// Runs until the service has ended. Returns the process's exit code.
  [[nodiscard]] int run();

  /// After run(): the service goes on under the binary that is installed now; to be exec'ed by the caller.
  [[nodiscard]] bool wants_upgrade() const { return upgrade_ == Upgrade::Accepted; }

 private:
  /// A worker's process, as it was started.
  struct Launched {
    std::unique_ptr<process::Process> process;
    ipc::CrashView crash;
    ipc::WorkerPlan plan;
    std::string plan_text;         ///< of a spare: as it was sent
    std::vector<GivenFile> files;  ///< of a spare: what it was given
  };
  struct Worker {
    std::unique_ptr<process::Process> process;
    std::optional<ipc::CrashView> crash;      ///< what its process may leave behind
    std::string failure;                      ///< what the worker said before it exited
    std::optional<std::size_t> failed_actor;  ///< who said it
    std::deque<std::string> stderr_tail;
    const char* last_cause = "start_failed";
    bool reopen = true;   ///< the next start begins its streams anew: the first one, and after they had ended
    bool careful = false; ///< the next start shows messages one by one
    Killing killing = Killing::None;          ///< why steadyd kills it
    std::optional<std::size_t> hung_actor;    ///< whom it was killed for
    std::optional<std::chrono::nanoseconds> kill_at;  ///< its stack was asked for; SIGKILL follows
    std::optional<Spare> spare;               ///< with `standby`
    std::optional<Launched> spare_process;    ///< while there is a spare
  };
  /// A start that failed.
  struct Unspawned {
    supervision::ChildId child = 0;
    std::string why;
  };
  enum class Phase { Running, Draining, Stopping, Over };
  enum class Upgrade { None, Checking, Refused, Accepted };
  /// One death, as far as it can be told without changing anything.
  struct Autopsy {
    Cause cause = Cause::Crash;
    std::optional<std::size_t> culprit;  ///< the actor whose code it was, if that can be told
    std::optional<ipc::CrashReport> stack;
    records::Incident incident;
  };

  Daemon(uv_loop_t* loop, Options options, config::Graph graph);

  // Opening: daemon.cpp
  [[nodiscard]] Status open_directories();
  [[nodiscard]] Status resolve_plan();
  [[nodiscard]] Status open_doors();
  [[nodiscard]] Status open_records();
  void build_tree();
  void watch_signals();
  void start_pushing();

  // Carrying out decisions: daemon_workers.cpp
  void perform(supervision::Actions actions);
  void start_at_once(supervision::Actions& actions);
  void carry_out(const supervision::Action& action);
  void start_worker(supervision::ChildId child);
  [[nodiscard]] Status spawn_worker(supervision::ChildId child);
  [[nodiscard]] Result<Launched> launch(supervision::ChildId child);
  [[nodiscard]] Result<Launched> launch(WorkerOrder order, process::Process::Handlers handlers,
                                        const std::function<Status(ipc::WorkerPlan&)>& complete);
  [[nodiscard]] Status complete(supervision::ChildId child, ipc::WorkerPlan& plan);
  [[nodiscard]] process::Process::Handlers worker_handlers(supervision::ChildId child);
  void arm_timer();

  // What workers do
  void return_letters(supervision::ChildId child);
  bool send_to_actor(const std::string& actor, const ipc::Command& command);
  void worker_line(supervision::ChildId child, process::Stream stream, std::string_view line);
  void worker_event(supervision::ChildId child, const ipc::Event& event);
  void worker_ended(supervision::ChildId child, process::Ended how);
  void stop_violator(const ipc::Event& event);

  // Their spares: daemon_standby.cpp
  void tend_spares();
  bool tend_spare(supervision::ChildId child);
  [[nodiscard]] Spare::Need need_of_spare(supervision::ChildId child) const;
  [[nodiscard]] Status start_spare(supervision::ChildId child);
  void spare_line(supervision::ChildId child, process::Stream stream, std::string_view line);
  void spare_ended(supervision::ChildId child, process::Ended how);
  void end_spare(supervision::ChildId child);
  void dismiss(std::unique_ptr<process::Process> process);
  void end_misfits();
  [[nodiscard]] std::optional<Launched> take_spare(supervision::ChildId child);
  void show_spare(supervision::ChildId child);
  void arm_spare_timer(std::chrono::nanoseconds delay);

  // What they die of: daemon_deaths.cpp
  [[nodiscard]] Autopsy examine(supervision::ChildId child, process::Ended how);
  [[nodiscard]] std::optional<std::size_t> culprit_of(supervision::ChildId child,
                                                      const std::optional<ipc::CrashReport>& stack) const;
  void describe_messages(std::size_t actor, std::vector<records::PortPosition>& ports) const;
  [[nodiscard]] std::vector<ModuleFile> modules_of(supervision::ChildId child) const;
  void bury(supervision::ChildId child, supervision::Exit exit, Autopsy autopsy);
  [[nodiscard]] std::optional<Suspect> suspect_of(std::size_t actor) const;
  [[nodiscard]] supervision::Actions after_setting_aside(supervision::ChildId child, std::size_t actor,
                                                         const Suspect& suspect, unsigned deaths, std::int64_t incident,
                                                         supervision::Actions actions);
  [[nodiscard]] std::string set_aside(std::size_t actor, const Suspect& suspect, unsigned deaths, std::int64_t incident);

  // Those that hang: daemon_watch.cpp
  void start_pulse();
  void pulse();
  void watch(supervision::ChildId child);
  void kill_with_stack(supervision::ChildId child, Killing killing, std::size_t actor);
  void kill_when_seen(Worker& worker);
  [[nodiscard]] std::size_t actor_in_call(supervision::ChildId child) const;

  [[nodiscard]] std::string actors_of(supervision::ChildId child) const;
  [[nodiscard]] std::optional<std::size_t> find_actor(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> find_actor(supervision::ChildId child, std::string_view name) const;

  // What people ask for: daemon_operator.cpp, daemon_records.cpp, daemon_logs.cpp
  [[nodiscard]] control::Answer answer_logs(const nlohmann::json& params) const;
  [[nodiscard]] control::Answer answer_records(const std::string& method, const nlohmann::json& params);
  [[nodiscard]] control::Answer answer_channels(const std::string& method, const nlohmann::json& params);
  [[nodiscard]] nlohmann::json describe_channel(std::size_t channel) const;
  [[nodiscard]] Status may_inject(std::size_t channel, bool begun) const;
  void put_for_dormant();
  [[nodiscard]] control::Answer answer(const std::string& method, const nlohmann::json& params);
  [[nodiscard]] Status operate(const std::string& verb, const std::string& actor);
  [[nodiscard]] Status start_again(supervision::ChildId child, bool restart);
  [[nodiscard]] Status adopt_plugins(supervision::ChildId child);
  [[nodiscard]] std::string peer_of_changed_message(const topology::Plan& next, supervision::ChildId child) const;
  void start_enabled_readers(supervision::ChildId child);
  void start_finished_readers(supervision::ChildId child);
  void place(topology::Plan& plan) const;
  [[nodiscard]] std::string why_unstartable(supervision::ChildId child) const;
  [[nodiscard]] std::set<std::string> plugins_to_look_at(supervision::ChildId child) const;
  [[nodiscard]] observe::Snapshot snapshot(Sampler::With with = Sampler::With::Statistics);

  // What browsers and scrapers ask for: daemon_page.cpp
  [[nodiscard]] observe::Response answer_http(const observe::Request& request);
  void feed_streams();
  [[nodiscard]] observe::Response details(const std::string& query);
  [[nodiscard]] observe::Response actor_details(const std::string& name);
  [[nodiscard]] observe::Response channel_details(const std::string& name);

  // What the configuration wants pointed out: daemon_triggers.cpp
  void look_at_triggers();
  void show_triggers(observe::Snapshot& snapshot) const;

  // Thresholds and windows, by operators and by latency targets: daemon_tuning.cpp
  [[nodiscard]] control::Answer answer_tuning(const nlohmann::json& params);
  void tell_tunings(const std::vector<std::size_t>& channels);
  void send_tuning(std::size_t actor, const ipc::Command& command);
  void find_paths();
  [[nodiscard]] HopMeasure measure_hop(HeldPath& path, std::size_t index, std::chrono::nanoseconds now);
  void hold_targets();
  void show_tunings(observe::Snapshot& snapshot) const;

  // Time and end: daemon_stop.cpp
  void frame();
  void look_at_processes();
  static void look_at_process(WorkerFacts& facts);
  void begin_drain(const std::string& why, std::chrono::nanoseconds limit, bool then_stop);
  void end_drain_when_done();
  [[nodiscard]] DrainView drain_view() const;
  void stop_now(const std::string& why);
  void close_up_soon(const supervision::Shutdown& shutdown);
  void close_up(const supervision::Shutdown& shutdown);

  // Upgrade: daemon_upgrade.cpp
  [[nodiscard]] Status begin_upgrade();
  [[nodiscard]] Status ask_successor(std::vector<std::string> arguments, std::chrono::milliseconds limit,
                                     std::function<void(const process::Outcome&)> then);
  void refuse_upgrade(const std::string& why);
  void go_on_as_successor();
  [[nodiscard]] nlohmann::json upgrade_report() const;

  uv_loop_t* loop_;
  const Options options_;
  const config::Graph graph_;
  UniqueFd runtime_lock_;
  UniqueFd state_lock_;
  Plugins plugins_;
  Wiring wiring_;
  Sampler sampler_;
  std::unique_ptr<records::Store> store_;
  std::optional<Symbolizer> symbolizer_;
  std::optional<Incidents> incidents_;
  std::optional<Letters> letters_;
  Triggers triggers_;
  Tunings tunings_;
  std::vector<HeldPath> paths_;  ///< in the order of the configuration
  std::optional<Hooks> hooks_;
  topology::Plan plan_;
  ipc::FenceMode fence_;
  std::optional<supervision::Tree> tree_;
  std::vector<Worker> workers_;
  std::vector<std::unique_ptr<process::Process>> leaving_;  ///< killed before they ran an actor, and not reaped yet
  std::vector<WorkerFacts> facts_;
  std::vector<Blame> blames_;      ///< per actor
  std::vector<HangClock> clocks_;  ///< per actor
  std::uint64_t oom_kills_ = 0;    ///< of this machine, at the last look
  std::deque<supervision::Action> actions_;
  std::vector<Unspawned> unspawned_;  ///< until perform() tells the tree
  bool performing_ = false;
  bool told_ready_ = false;
  Phase phase_ = Phase::Running;
  std::chrono::nanoseconds started_at_{};
  std::chrono::nanoseconds drain_until_{};
  bool stop_after_drain_ = true;
  StopReport drain_report_;
  std::vector<std::string> stragglers_;  ///< who would not finish, and why
  std::unique_ptr<process::Query> question_;  ///< to the binary that would follow
  Upgrade upgrade_ = Upgrade::None;
  std::string upgrade_refusal_;
  unsigned frames_ = 0;
  std::chrono::nanoseconds next_event_at_{};  ///< for the page's streams
  int exit_code_ = 0;
  supervision::Shutdown shutdown_;  ///< how it ends, once that is decided
  std::unique_ptr<observe::HttpServer> http_;
  std::unique_ptr<control::Server> control_;
  std::optional<OtlpPush> otlp_push_;
  UvHandle<uv_timer_t> tree_timer_;
  UvHandle<uv_timer_t> frame_timer_;
  UvHandle<uv_timer_t> pulse_timer_;
  UvHandle<uv_timer_t> spare_timer_;
  std::vector<UvHandle<uv_signal_t>> signals_;
};

}  // namespace steady::runtime
