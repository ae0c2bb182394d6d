// One actor at work: waits until its conditions hold, runs a step, commits, and again. Constructed on the main thread,
// then owned by its own thread; order() is the one call that comes from elsewhere.
#pragma once

#include <steady/abi.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "ipc/commit.hpp"
#include "ipc/fence.hpp"
#include "ipc/protocol.hpp"
#include "worker/actor_io.hpp"
#include "worker/careful.hpp"
#include "worker/events.hpp"
#include "worker/sampling.hpp"

namespace steady::worker {

/// Where a test wants this actor to stop (SIGSTOP) inside a commit; see DebugStop in actor.cpp.
struct DebugStop {
  unsigned point = 0;        ///< ipc::CommitPoint; 0: never
  std::uint64_t commit = 0;  ///< which commit of this process, from 1
};

/// Reads STEADY_DEBUG_COMMIT_STOP="ACTOR:POINT:COMMIT" for `actor`; anything else means never. Generation 0 only, so
/// that the next generation gets past it.
[[nodiscard]] DebugStop debug_stop_for(const ipc::ActorPlan& plan);

class Actor {
 public:
  /// `plan`, `type` and `events` must outlive the actor. `sampling`: as in WorkerPlan. Errors: as ActorIo::create, or what
  /// the constructor said.
  [[nodiscard]] static Result<std::unique_ptr<Actor>> create(const ipc::ActorPlan& plan, const steady_actor_type& type,
                                                             ipc::FenceMode fence, bool sampling, Events& events);
  ~Actor();
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  /// Migrates or starts. Ends the process (Events::fail) when the actor fails. Its own thread.
  void start();
  /// Steps until the streams end or Stop is ordered. Ends the process when the actor fails. Its own thread.
  void run();

  /// Any thread: takes effect after the current step.
  void order(const ipc::Command& command);

  [[nodiscard]] const std::string& name() const { return plan_.name; }

 private:
  /// What was ordered and is not done, as bits.
  enum Order : unsigned { kDrain = 1, kStop = 2, kReplay = 4 };

  Actor(const ipc::ActorPlan& plan, const steady_actor_type& type, ipc::FenceMode fence, bool sampling, Events& events);

  template <class Hook>
  void loop(const Hook& hook);
  template <class Hook>
  void commit(bool finished, std::uint64_t stepped_ns, const Hook& hook);
  template <class Hook>
  [[nodiscard]] bool try_finish(const Hook& hook);

  [[nodiscard]] bool ended() const;
  void skip_dead_letters();
  void take_replays();
  void put_replays_back();
  [[nodiscard]] bool put_back(const ipc::Replay& replay);
  void say_begun();
  void say_returned();
  void note_sample(std::uint64_t step_ns);
  [[nodiscard]] std::optional<std::uint32_t> cause() const;
  void show_all();
  void park(InputLane& lane);
  void blame_reader(const OutputLane& lane);
  [[nodiscard]] bool streams_ended() const;
  [[nodiscard]] bool ready();
  [[nodiscard]] bool ready_by_default() const;
  [[nodiscard]] bool holds(const steady_condition& condition) const;
  [[nodiscard]] bool clause_holds(std::uint32_t clause) const;
  [[nodiscard]] bool has_input(const InputLane& lane, std::uint64_t amount) const;
  [[nodiscard]] bool has_room(const OutputLane& lane, std::uint64_t amount) const;
  [[nodiscard]] std::uint64_t default_room(const OutputLane& lane) const;
  [[nodiscard]] std::uint64_t wanted_input(const InputLane& lane) const;
  [[nodiscard]] std::uint64_t wanted_room(OutputLane& lane) const;

  void plan_conditions();
  void bound_steps();
  void fire_timers();
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const;
  void track_waits(std::uint64_t now_ns);

  void wait();
  void set_targets();
  [[nodiscard]] bool news();
  [[nodiscard]] bool spin();
  void sleep();
  [[nodiscard]] bool must_go_on();
  void say_asleep();
  void say_awake();
  void begin_wait(std::uint64_t now_ns);
  void end_wait(std::uint64_t now_ns);
  void set_activity(ipc::Activity activity);
  [[noreturn]] void die(const std::string& why);

  static void host_log(void* self, std::uint32_t level, const char* text, std::size_t length);
  static void host_note(void* self, const char* text, std::size_t length);
  static void host_fail(void* self, const char* text, std::size_t length);
  static std::uint64_t host_now(void* self);

  const ipc::ActorPlan& plan_;
  const steady_actor_type& type_;
  const ipc::FenceMode fence_;
  Events& events_;
  steady_host host_{};
  std::unique_ptr<ActorIo> io_;
  void* self_ = nullptr;
  std::string failure_;
  std::atomic<unsigned> orders_{0};
  std::mutex replays_mutex_;
  std::deque<ipc::Replay> replays_;     ///< guarded by replays_mutex_; not yet looked at while kReplay is ordered
  std::deque<ipc::Replay> waiting_replays_;  ///< the actor's thread: for room
  std::optional<Careful> careful_;      ///< from the start of run()
  Sampling sampling_;

  bool source_ = false;         ///< nothing flows in: it ends when told to
  bool has_timers_ = false;
  bool has_max_waits_ = false;
  bool stalled_ = false;        ///< the last step neither took nor put nor changed anything: wait for news
  ipc::Activity waiting_for_ = ipc::Activity::Running;  ///< while waiting_since_ns_ is set
  std::uint64_t waiting_since_ns_ = 0;                  ///< 0: it does not wait, or nobody need know
  std::uint64_t due_ns_[STEADY_CONDITIONS_MAX] = {};
  std::uint64_t planned_[STEADY_CONDITIONS_MAX] = {};  ///< the interval that due_ns_ was planned with
};

}  // namespace steady::worker
