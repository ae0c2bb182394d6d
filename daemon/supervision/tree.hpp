// The supervision tree as a pure machine: events with their time go in, actions come out. No clock, no process, no I/O.
//
// Thread-safety: loop thread only.
// Invariants after every event:
//   - a Start is given only for a worker whose previous process has been reported by exited();
//   - a child is started in order only when every earlier sibling is ready or at rest, and nothing of its group leaves;
//   - nothing is started beneath a supervisor that is stopping, is about to be stopped, or is at rest;
//   - a supervisor decides at most `intensity` restarts within any `period`;
//   - while something can still happen without an outside event, next_timer() says when.
// README.md beside this file tells the semantics and where they leave Erlang/OTP's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/model.hpp"
#include "supervision/actions.hpp"
#include "supervision/node.hpp"
#include "supervision/random.hpp"

namespace steady::supervision {

/// A leaf: one worker process, with one actor or a group.
struct ChildSpec {
  std::string name{};
  config::Restart restart = config::Restart::Permanent;
  config::Shutdown shutdown{};
  bool significant = false;
  std::chrono::nanoseconds start_timeout = std::chrono::seconds(10);  ///< from Start to ready(); zero: no limit
  bool startable = true;      ///< false: its plugin is unusable; it is Failed from the start and the order skips it
  std::string unstartable{};  ///< why not, as words for its status; may be empty
};

struct WorkerSpec {
  ChildSpec child{};
  std::vector<std::string> actors{};  ///< the names that the configuration's tree lists
};

/// What status and metrics show of a worker.
struct ChildStatus {
  std::string name;
  SupervisorId supervisor = 0;
  State state = State::Stopped;
  bool wanted = false;                ///< it should run: anything but Running is worth a look
  unsigned restarts = 0;              ///< decided by a strategy, since the tree was built
  unsigned failures_in_a_row = 0;     ///< what the back-off has counted
  std::optional<TimePoint> retry_at;  ///< Waiting for its back-off; empty when it waits only for its turn
  std::string reason;                 ///< why it is Waiting, Failed, Finished or Stopped; words without a full stop
};

/// What status and metrics show of a supervisor.
struct SupervisorStatus {
  std::string name;
  std::optional<SupervisorId> parent;  ///< empty: the root
  State state = State::Stopped;
  config::Strategy strategy = config::Strategy::OneForOne;
  unsigned intensity = 0;
  std::chrono::nanoseconds period{};
  unsigned used = 0;                   ///< restarts within the window now
  std::optional<TimePoint> resets_at;  ///< when the whole budget is free again
  bool failed = false;                 ///< it gave up on something that is still down
  std::string why;                     ///< of `failed`
};

class Tree {
 public:
  /// `root` lists every actor of `workers` once. A worker of several actors is one child, placed where the first of
  /// them is listed. ChildId is the index into `workers`. `seed` drives the jitter and nothing else.
  Tree(const config::Supervisor& root, const std::vector<WorkerSpec>& workers, std::uint64_t seed);

  /// Starts everything in order. Once; again it does nothing.
  [[nodiscard]] Actions start(TimePoint now);

  /// The worker that was started says that it is ready. Ignored when it is not Starting, or was killed meanwhile.
  [[nodiscard]] Actions ready(ChildId child, TimePoint now);

  /// The worker's process is gone: reaped, nothing of it can write any more. Also the answer to a Start that could not
  /// spawn (StartFailed). Before ready() any exit but Finished is a failed start. Ignored without a process.
  [[nodiscard]] Actions exited(ChildId child, Exit exit, TimePoint now);

  /// The time of next_timer() has come. Harmless at any other time.
  [[nodiscard]] Actions tick(TimePoint now);

  /// Starts a worker that is at rest or on its way there, and ends the back-off of one that waits. Forgets its
  /// failures. When its supervisor is down, the whole supervisor starts; what was given up together starts together.
  /// Errors: Busy (it runs, is being restarted, waits for its turn, its supervisor is stopping, the service is
  /// stopping), Invalid (its plugin is unusable).
  [[nodiscard]] Result<Actions> operator_start(ChildId child, TimePoint now);

  /// Stops one worker, with its grace, and keeps it stopped whatever its supervisor does. Errors: Busy (it already is,
  /// or the service is stopping), Invalid (its plugin is unusable).
  [[nodiscard]] Result<Actions> operator_stop(ChildId child, TimePoint now,
                                              const std::string& reason = "stopped by the operator");

  /// Stops the worker if it runs, then starts it. Takes nothing from the budget. Errors as operator_start's.
  [[nodiscard]] Result<Actions> operator_restart(ChildId child, TimePoint now);

  /// Stops everything in reverse start order, at any moment; Shutdown follows when the last process is gone. Again it
  /// does nothing.
  [[nodiscard]] Actions stop_all(TimePoint now);

  /// The latest `restarts` restarts of a worker had one cause, a message that is set aside now: they no longer count
  /// against its supervisor's budget, and its back-off starts over. Call before exited().
  void pardon(ChildId child, unsigned restarts);

  /// The worker's plugin became usable, or `why` it no longer is. Starts and stops nothing; a worker that runs goes on.
  void set_startable(ChildId child, bool startable, const std::string& why);
  [[nodiscard]] bool is_startable(ChildId child) const { return nodes_[workers_[child]].worker->startable; }

  /// When tick() wants to be called; empty: nothing happens without an event from outside.
  [[nodiscard]] std::optional<TimePoint> next_timer() const;

  [[nodiscard]] std::size_t child_count() const { return workers_.size(); }
  [[nodiscard]] std::size_t supervisor_count() const { return supervisors_.size(); }
  [[nodiscard]] ChildStatus child(ChildId child) const;
  [[nodiscard]] SupervisorStatus supervisor(SupervisorId supervisor, TimePoint now) const;

  /// Stopping or stopped for good: by stop_all, by giving up with `exit`, or by the root's auto_shutdown.
  [[nodiscard]] bool ending() const;

 private:
  // Building and looking around: tree.cpp
  NodeIndex add_node(Node node);
  NodeIndex add_supervisor(const config::Supervisor& spec, NodeIndex parent, const std::vector<WorkerSpec>& specs);
  void add_worker(const std::string& actor, NodeIndex parent, const std::vector<WorkerSpec>& specs);
  [[nodiscard]] Node& root() { return nodes_.front(); }
  [[nodiscard]] const Node& root() const { return nodes_.front(); }
  [[nodiscard]] Node& parent_of(const Node& node) { return nodes_[node.parent]; }
  [[nodiscard]] std::size_t place_of(const Node& node) const;
  [[nodiscard]] bool goes_down_with_a_supervisor(const Node& node) const;

  // One event: tree.cpp
  void begin_event(TimePoint now);
  [[nodiscard]] Actions finish_event();
  void advance_stops(Node& supervisor);
  void advance_starts(Node& supervisor);
  void expire_deadlines();

  // Starting: tree_start.cpp
  [[nodiscard]] bool may_start_children(const Node& supervisor) const;
  void start_what_is_due(Node& supervisor);
  void begin_start(Node& node);
  void start_worker(Node& node);
  void note_started(Node& supervisor);
  void wait(Node& node, TimePoint not_before, const std::string& reason);
  void wait_afresh(Node& supervisor);

  // Stopping: tree_stop.cpp
  void begin_stop(Node& supervisor, Ending ending, const std::string& why);
  void run_grace(Node& supervisor);
  void stop_in_reverse(Node& supervisor);
  void stop_next(Node& node);
  void stop_process(Node& worker);
  void kill(Node& worker, KillReason reason);
  void kill_beneath(Node& supervisor);
  void note_stopped(Node& supervisor);
  void gone(Node& node);
  void rest(Node& node, State state, const std::string& reason);
  void note_run_over(Node& node);
  void end_service(int exit_code, const std::string& why);

  // Failing and restarting: tree_restart.cpp
  void worker_ended(Node& worker, Exit exit);
  void supervisor_ended(Node& supervisor);
  void restart(Node& failed, const std::string& why);
  void announce_restart(const Node& failed, const std::string& why, std::chrono::nanoseconds delay);
  void regroup(Node& supervisor, std::size_t from, const Node& failed);
  void regroup_one(Node& node, TimePoint not_before, const std::string& reason);
  [[nodiscard]] bool keeps_others_waiting(const Node& node) const;
  void give_up(Node& failed, const std::string& why);
  void degrade(Node& failed, const std::string& why);
  void abandon(Node& node, const std::string& why);
  void shut_down_after(const Node& ended);
  [[nodiscard]] bool another_significant_child_lives(const Node& supervisor) const;

  // The operator: tree_operator.cpp
  [[nodiscard]] Status accepts_orders(const Node& worker) const;
  [[nodiscard]] Status may_start(const Node& worker, TimePoint now) const;
  void bring_back(Node& worker);
  void revive(Node& node);
  void revive_with_its_group(Node& node);
  void forgive(Node& node);
  void end_backoff(Node& worker);
  [[nodiscard]] bool backs_off(const Node& worker, TimePoint now) const;
  void hold(Node& worker, const std::string& reason);
  void forget_giving_up();

  std::vector<Node> nodes_;             ///< the root first; never grows after construction, so references stay valid
  std::vector<NodeIndex> workers_;      ///< by ChildId
  std::vector<NodeIndex> supervisors_;  ///< by SupervisorId
  Random random_;

  TimePoint now_{};       ///< of the latest event
  bool changed_ = false;  ///< something moved; look at the tree once more before answering
  bool over_ = false;     ///< Shutdown was given
  int exit_code_ = 0;
  Actions actions_;  ///< of the event at hand
};

}  // namespace steady::supervision
