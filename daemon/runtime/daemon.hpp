// The running service: carries out what the supervision tree decides, and answers those who look. Owns everything else.
// Loop thread only; the daemon has no other.
#pragma once

#include <uv.h>

#include <deque>
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
#include "process/process.hpp"
#include "runtime/drain.hpp"
#include "runtime/plugins.hpp"
#include "runtime/sampler.hpp"
#include "runtime/wiring.hpp"
#include "supervision/tree.hpp"
#include "topology/plan.hpp"

namespace steady::runtime {

struct Options {
  std::string runtime_directory;
  std::string state_directory;
  std::string listen;  ///< "off": no HTTP
  std::string socket;
};

class Daemon {
 public:
  /// Takes the directories, describes the plugins, makes the segments, opens control socket and HTTP. Starts no worker.
  /// Errors: everything that makes a start pointless, each with what to do about it.
  [[nodiscard]] static Result<std::unique_ptr<Daemon>> create(uv_loop_t* loop, Options options, config::Graph graph);
  ~Daemon();

  /// Runs until the service has ended. Returns the process's exit code.
  [[nodiscard]] int run();

 private:
  struct Worker {
    std::unique_ptr<process::Process> process;
    std::string failure;  ///< what the worker said before it exited
    std::string last_reason;
    bool reopen = true;  ///< the next start begins its streams anew: the first one, and after they had ended
  };
  enum class Phase { Running, Draining, Stopping, Over };

  Daemon(uv_loop_t* loop, Options options, config::Graph graph);

  // Opening: daemon.cpp
  [[nodiscard]] Status open_directories();
  [[nodiscard]] Status resolve_plan();
  [[nodiscard]] Status open_doors();
  void build_tree();
  void watch_signals();

  // Carrying out decisions
  void perform(supervision::Actions actions);
  void carry_out(const supervision::Action& action);
  void start_worker(supervision::ChildId child);
  [[nodiscard]] Status spawn_worker(supervision::ChildId child);
  void arm_timer();

  // What workers do
  void worker_line(supervision::ChildId child, process::Stream stream, std::string_view line);
  void worker_event(supervision::ChildId child, const ipc::Event& event);
  void worker_ended(supervision::ChildId child, process::Ended how);
  void stop_violator(const ipc::Event& event);
  [[nodiscard]] std::string actors_of(supervision::ChildId child) const;
  [[nodiscard]] std::optional<std::size_t> find_actor(std::string_view name) const;

  // What people ask for
  [[nodiscard]] control::Answer answer(const std::string& method, const nlohmann::json& params);
  [[nodiscard]] Status operate(const std::string& verb, const std::string& actor);
  [[nodiscard]] Status start_again(supervision::ChildId child, bool restart);
  [[nodiscard]] Status adopt_plugins(supervision::ChildId child);
  [[nodiscard]] std::string peer_of_changed_message(const topology::Plan& next, supervision::ChildId child) const;
  void start_enabled_readers(supervision::ChildId child);
  void start_finished_readers(supervision::ChildId child);
  [[nodiscard]] std::string why_unstartable(supervision::ChildId child) const;
  [[nodiscard]] std::set<std::string> plugins_to_look_at(supervision::ChildId child) const;
  [[nodiscard]] observe::Snapshot snapshot();

  // Time and end
  void frame();
  void look_at_processes();
  static void look_at_process(WorkerFacts& facts);
  void begin_drain(const std::string& why);
  void end_drain_when_done();
  [[nodiscard]] DrainView drain_view() const;
  void stop_now(const std::string& why);
  void close_up_soon(const supervision::Shutdown& shutdown);
  void close_up(const supervision::Shutdown& shutdown);

  uv_loop_t* loop_;
  const Options options_;
  const config::Graph graph_;
  UniqueFd runtime_lock_;
  UniqueFd state_lock_;
  Plugins plugins_;
  Wiring wiring_;
  Sampler sampler_;
  topology::Plan plan_;
  ipc::FenceMode fence_;
  std::optional<supervision::Tree> tree_;
  std::vector<Worker> workers_;
  std::vector<WorkerFacts> facts_;
  std::deque<supervision::Action> actions_;
  std::vector<supervision::ChildId> unspawned_;  ///< starts that failed during perform()
  bool performing_ = false;
  bool told_ready_ = false;
  Phase phase_ = Phase::Running;
  std::chrono::nanoseconds started_at_{};
  std::chrono::nanoseconds drain_until_{};
  unsigned frames_ = 0;
  int exit_code_ = 0;
  supervision::Shutdown shutdown_;  ///< how it ends, once that is decided
  std::unique_ptr<observe::HttpServer> http_;
  std::unique_ptr<control::Server> control_;
  UvHandle<uv_timer_t> tree_timer_;
  UvHandle<uv_timer_t> frame_timer_;
  std::vector<UvHandle<uv_signal_t>> signals_;
};

}  // namespace steady::runtime
