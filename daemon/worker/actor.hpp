// One actor at work: looks whether its conditions hold, runs a step, commits. Prepared on the main thread, then owned
// by its ActorThread, which calls it turn by turn and waits when it has nothing to do; order() is the one call that comes
// from elsewhere.
//
// Its parts, one file each: actor.cpp runs steps, actor_ready.cpp knows when, actor_wait.cpp says for what it waits and
// notices that it need not any more, actor_letters.cpp skips and puts back dead letters.
#pragma once

#include <steady/abi.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ipc/commit.hpp"
#include "ipc/fence.hpp"
#include "ipc/protocol.hpp"
#include "worker/actor_io.hpp"
#include "worker/careful.hpp"
#include "worker/debug_stop.hpp"
#include "worker/events.hpp"
#include "worker/sampling.hpp"

namespace steady::worker {

class Actor {
 public:
  /// Maps what it needs. Runs none of the actor's code and writes nothing: another process may be this actor. `plan`,
  /// `type` and `events` must outlive the actor. `sampling`: as in WorkerPlan. Errors: as ActorIo::prepare.
  [[nodiscard]] static Result<std::unique_ptr<Actor>> prepare(const ipc::ActorPlan& plan, const steady_actor_type& type,
                                                              ipc::FenceMode fence, bool sampling, Events& events);
  /// Makes its ends ours and constructs it. Before that only enter_pages() may be called. Errors: as ActorIo::begin, or
  /// what the constructor said.
  [[nodiscard]] Status begin();
  /// As ActorIo's.
  void enter_pages() const { io_->enter_pages(); }
  ~Actor();
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  /// Migrates or starts. Ends the process (Events::fail) when the actor fails.
  void start();
  /// After start(), once, before the first turn.
  void look_around();

  /// What a turn came to.
  enum class Turn {
    Stepped,  ///< it did something, and may do more at once
    Waits,    ///< nothing to do until news() or deadline()
    Over,     ///< its streams ended, or Stop was ordered: no more turns
  };
  /// Runs and commits one step, if there is reason to. Ends the process when the actor fails.
  [[nodiscard]] Turn turn();
  /// The same with one step at most, and no quick ones before: while nobody can order anything yet.
  [[nodiscard]] Turn single_turn();

  // After a turn that came to Waits; in this order.

  /// Fixes what ends the wait: for each end the position that news() looks for.
  void set_targets();
  /// Whether there is a reason to take a turn: an end reached its target, a stream ended, an order came.
  [[nodiscard]] bool news();
  /// When to take a turn even without news; none: never.
  [[nodiscard]] std::optional<std::uint64_t> deadline() const;
  /// Tells the peers that bells must be rung from now on. Then the sleeper's fence, then news() and must_go_on() once more.
  void say_asleep();
  /// Both ends of a channel may wait for more than the other would ever give: a producer for half of the ring, its
  /// reader for more than half. Each has said that it sleeps before it looks at the other, so at least one sees it and
  /// goes on with what there is.
  [[nodiscard]] bool must_go_on();
  void say_awake();
  /// Says for what it waits, and since when; telemetry. end_wait() is harmless without it.
  void begin_wait(std::uint64_t now_ns);
  void end_wait(std::uint64_t now_ns);
  /// The wait is over, for whatever reason: a step that did nothing may be worth another try.
  void resume() { stalled_ = false; }

  /// Its streams had ended before it was started: no turns at all.
  [[nodiscard]] bool ended() const;
  /// No more turns: what people see of it.
  void say_done() { set_activity(ipc::Activity::Done); }

  /// Any thread: takes effect after the current step.
  void order(const ipc::Command& command);

  [[nodiscard]] const std::string& name() const { return plan_.name; }
  [[nodiscard]] const ipc::ActorPlan& plan() const { return plan_; }
  [[nodiscard]] const ipc::Bell& bell() const { return io_->bell(); }
  /// Whether its steps have to look at the clock even while there is enough of everything.
  [[nodiscard]] bool has_deadlines() const { return has_timers_ || has_max_waits_; }

 private:
  /// What was ordered and is not done, as bits.
  enum Order : unsigned { kDrain = 1, kStop = 2, kReplay = 4, kTune = 8 };

  Actor(const ipc::ActorPlan& plan, const steady_actor_type& type, ipc::FenceMode fence, bool sampling, Events& events);

  // Steps: actor.cpp
  template <class Hook>
  [[nodiscard]] Turn turn_with(const Hook& hook);
  void quick_steps();
  template <std::size_t Inputs, std::size_t Outputs>
  [[nodiscard]] std::uint64_t quick_steps_of(std::uint64_t most);
  template <class Hook>
  void step(const Hook& hook);
  template <class Hook>
  void commit(bool finished, std::uint64_t stepped_ns, const Hook& hook);
  void commit_unusual();
  template <class Hook>
  [[nodiscard]] Turn finish(const Hook& hook);
  [[nodiscard]] bool obey(unsigned orders);
  [[nodiscard]] bool look();
  void say_begun();
  void say_returned();
  void note_sample(std::uint64_t step_ns);
  void park(InputLane& lane);
  void park_violated();
  void blame_reader(const OutputLane& lane);
  [[nodiscard]] bool streams_ended() const;
  void set_activity(ipc::Activity activity);
  void settle();
  [[noreturn, gnu::cold]] void die_in(const char* call);
  [[noreturn, gnu::cold]] void die(const std::string& why);

  // Dead letters: actor_letters.cpp
  void skip_dead_letters();
  void take_replays();
  void put_replays_back();
  void take_tunings();
  [[nodiscard]] bool put_back(const ipc::Replay& replay);

  // When to run: actor_ready.cpp
  [[nodiscard]] bool ready();
  [[nodiscard]] bool ready_by_default() const;
  [[nodiscard]] std::optional<std::uint32_t> cause() const;
  [[nodiscard]] bool holds(const steady_condition& condition) const;
  [[nodiscard]] bool clause_holds(std::uint32_t clause) const;
  [[nodiscard]] bool has_input(const InputLane& lane, std::uint64_t amount) const;
  [[nodiscard]] static bool has_room(const OutputLane& lane, std::uint64_t amount) { return lane.vacant >= amount; }
  [[nodiscard]] static std::uint64_t default_room(const OutputLane& lane);
  [[nodiscard]] std::uint64_t asked(std::uint32_t kind, std::uint64_t port) const;
  void plan_conditions();
  void bound_steps();
  void plan_quick_steps();
  void fire_timers();
  void track_waits(std::uint64_t now_ns);

  // Waiting: actor_wait.cpp
  [[nodiscard]] std::uint64_t wanted_input(const InputLane& lane) const;
  [[nodiscard]] std::uint64_t wanted_room(OutputLane& lane) const;

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
  std::mutex tunings_mutex_;
  std::vector<ipc::Tuning> tunings_;  ///< guarded by tunings_mutex_; in the order in which they came
  std::optional<Careful> careful_;      ///< from the start of run()
  Sampling sampling_;

  std::optional<StopHook> debug_stop_;
  bool patient_ = false;        ///< may look at a producer a moment later, for more to be there: not where latency is all
  bool source_ = false;         ///< nothing flows in: it ends when told to
  bool has_timers_ = false;
  bool has_max_waits_ = false;
  bool quick_ = false;          ///< as much as suffices on every lane means that it is ready
  bool stalled_ = false;        ///< the last step neither took nor put nor changed anything: wait for news
  std::uint64_t blamed_until_ns_ = 0;  ///< a reader claims the impossible: nothing can be done before; 0: no
  ipc::Activity waiting_for_ = ipc::Activity::Running;  ///< while waiting_since_ns_ is set
  std::uint64_t waiting_since_ns_ = 0;                  ///< 0: it does not wait, or nobody need know
  std::uint64_t due_ns_[STEADY_CONDITIONS_MAX] = {};
  std::uint64_t planned_[STEADY_CONDITIONS_MAX] = {};  ///< the interval that due_ns_ was planned with
};

}  // namespace steady::worker
