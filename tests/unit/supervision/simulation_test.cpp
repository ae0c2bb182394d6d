// Random trees under random events in virtual time. A small world stands beside the tree: it knows which processes
// exist from the actions alone, and holds every answer against the promises in supervision/tree.hpp. A failure prints
// its seed and the events that led to it; run just that one with STEADY_SEED=n.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "supervision/tree.hpp"

namespace steady::supervision {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeeds = 10000;
constexpr int kEventsPerSeed = 250;
constexpr int kEventsToStop = 2000;

/// What the world knows of one worker's process.
struct Process {
  bool exists = false;
  bool ready = false;
  bool terminated = false;
  bool killed = false;
  TimePoint since{};
  TimePoint terminated_at{};
};

using Child = std::variant<ChildId, SupervisorId>;

/// One restart that a supervisor has decided, and of which child.
struct Spent {
  TimePoint at{};
  Child who{};
};

/// A supervisor as the test built it, with what it has been seen to decide.
struct Group {
  std::optional<std::size_t> parent;
  config::Supervisor spec;
  std::vector<Child> children;
  std::deque<Spent> restarts;  ///< but for those that were pardoned
};

class World {
 public:
  explicit World(std::uint64_t seed) : dice_(seed) {
    config::Supervisor root = supervisor(0);
    root.on_give_up = chance(15) ? config::OnGiveUp::Exit : config::OnGiveUp::Degrade;
    if (workers_.empty()) add_worker(root);
    note(root, std::nullopt);
    processes_.resize(workers_.size());
    held_.resize(workers_.size(), false);
    tree_.emplace(root, workers_, seed);
  }

  /// The broken promise, or nothing.
  std::string run() {
    event("start", [&] { return tree_->start(now_); });
    for (int count = 0; count < kEventsPerSeed && !over_ && broken_.empty(); ++count) random_event();
    stop();
    return broken_;
  }

  [[nodiscard]] std::string story() const {
    std::string text;
    for (const std::string& line : story_) text += line + "\n";
    return text;
  }

 private:
  // A tree to play with.

  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return dice_.next() % bound; }
  [[nodiscard]] bool chance(std::uint64_t percent) { return below(100) < percent; }

  template <class T>
  [[nodiscard]] T one_of(std::initializer_list<T> choices) {
    return *(choices.begin() + below(choices.size()));
  }

  config::Restart any_restart() {
    return chance(60) ? config::Restart::Permanent : one_of({config::Restart::Transient, config::Restart::Temporary});
  }

  void add_worker(config::Supervisor& to) {
    const std::string name = "w" + std::to_string(workers_.size());
    ChildSpec spec{.name = name, .restart = any_restart()};
    spec.shutdown.grace = one_of<std::optional<std::chrono::nanoseconds>>({5s, 5s, 1s, 0s, std::nullopt});
    spec.significant = chance(20);
    spec.start_timeout = one_of<std::chrono::nanoseconds>({10s, 1s, 0s});
    spec.startable = !chance(5);
    workers_.push_back({.child = spec, .actors = {name}});
    to.children.emplace_back(name);
  }

  config::Supervisor supervisor(int depth) {
    config::Supervisor made;
    made.name = "s" + std::to_string(names_++);
    made.strategy = one_of({config::Strategy::OneForOne, config::Strategy::OneForAll, config::Strategy::RestForOne});
    made.intensity = static_cast<unsigned>(below(5));
    made.period = one_of<std::chrono::nanoseconds>({1s, 10s, 60s});
    made.backoff.first = one_of<std::chrono::nanoseconds>({0s, 0s, 50ms, 5s});
    made.shutdown.grace = one_of<std::optional<std::chrono::nanoseconds>>({std::nullopt, std::nullopt, 2s, 0s});
    made.restart = any_restart();
    made.significant = chance(20);
    if (chance(20)) {
      made.auto_shutdown = one_of({config::AutoShutdown::AnySignificant, config::AutoShutdown::AllSignificant});
    }
    const std::uint64_t children = below(5);
    for (std::uint64_t child = 0; child < children; ++child) {
      if (depth < 3 && chance(30)) {
        made.children.emplace_back(supervisor(depth + 1));
      } else {
        add_worker(made);
      }
    }
    return made;
  }

  SupervisorId note(const config::Supervisor& spec, std::optional<SupervisorId> parent) {
    const SupervisorId id = groups_.size();
    groups_.push_back({.parent = parent, .spec = spec, .children = {}, .restarts = {}});
    for (const auto& child : spec.children) {
      if (const auto* name = std::get_if<std::string>(&child)) {
        const auto worker = static_cast<ChildId>(std::stoul(name->substr(1)));
        order_.push_back(worker);
        groups_[id].children.emplace_back(std::in_place_index<0>, worker);
      } else {
        const SupervisorId inner = note(std::get<config::Supervisor>(child), id);
        groups_[id].children.emplace_back(std::in_place_index<1>, inner);
      }
    }
    return id;
  }

  // Things that happen.

  void random_event() {
    if (chance(30)) now_ += std::chrono::milliseconds(below(300));
    const std::uint64_t what = below(100);
    if (what < 10) return pass_time();
    if (what < 25) return timer();
    if (what < 55) return process_gets_ready();
    if (what < 88) return process_ends();
    if (what < 91) return pardon();
    if (what < 99) return operator_orders();
    if (chance(20)) stop_all();
  }

  void pass_time() {
    now_ += one_of<std::chrono::nanoseconds>({1ms, 100ms, 1s, 5s, 61s});
    event("tick", [&] { return tree_->tick(now_); });
  }

  void timer() {
    const std::optional<TimePoint> next = tree_->next_timer();
    if (!next) return;
    now_ = std::max(now_, *next);
    event("timer", [&] { return tree_->tick(now_); });
  }

  /// A worker for which `property` holds, if there is one.
  template <class Property>
  std::optional<ChildId> any_worker(Property property) {
    const std::size_t from = below(processes_.size());
    for (std::size_t step = 0; step < processes_.size(); ++step) {
      const ChildId worker = (from + step) % processes_.size();
      if (property(processes_[worker])) return worker;
    }
    return std::nullopt;
  }

  void process_gets_ready() {
    const auto worker = any_worker([](const Process& p) { return p.exists && !p.ready && !p.killed; });
    if (!worker) return;
    processes_[*worker].ready = true;
    event("ready w" + std::to_string(*worker), [&] { return tree_->ready(*worker, now_); });
  }

  void process_ends() {
    const bool obediently = chance(70);
    const auto worker =
        any_worker([&](const Process& p) { return p.exists && (p.killed || p.terminated || !obediently); });
    if (worker) end_process(*worker);
  }

  void end_process(ChildId worker) {
    const Exit exit = processes_[worker].killed
                          ? Exit::Abnormal
                          : one_of({Exit::Abnormal, Exit::Abnormal, Exit::Abnormal, Exit::Normal, Exit::Finished});
    processes_[worker] = {};
    event("exit w" + std::to_string(worker), [&] { return tree_->exited(worker, exit, now_); });
  }

  /// What one worker died of is set aside. It is no event: nothing follows from it at once.
  void pardon() {
    const ChildId worker = below(workers_.size());
    const auto restarts = static_cast<unsigned>(below(4));
    const ChildStatus before = tree_->child(worker);
    // The window here forgets sooner than the tree's does, so only while both agree they can be compared.
    const bool agreed = tree_->supervisor(before.supervisor, now_).used == counted(before.supervisor);
    tree_->pardon(worker, restarts);
    refund(before.supervisor, Child(std::in_place_index<0>, worker), restarts);
    story_.push_back("pardon " + std::to_string(restarts) + " of w" + std::to_string(worker));
    const ChildStatus after = tree_->child(worker);
    expect(after.failures_in_a_row == 0, "a pardoned worker still backs off");
    expect(after.state == before.state && after.retry_at == before.retry_at && after.restarts == before.restarts,
           "a pardon did more than to forget");
    expect(!agreed || tree_->supervisor(before.supervisor, now_).used == counted(before.supervisor),
           "a pardon gave back other restarts than that worker's latest");
  }

  void operator_orders() {
    const ChildId worker = below(workers_.size());
    const std::uint64_t what = below(3);
    const std::string order = std::string(what == 0   ? "start"
                                          : what == 1 ? "stop"
                                                      : "restart") +
                              " w" + std::to_string(worker);
    ordering_ = true;
    event("order " + order, [&] {
      const Result<Actions> answer = what == 0   ? tree_->operator_start(worker, now_)
                                     : what == 1 ? tree_->operator_stop(worker, now_)
                                                 : tree_->operator_restart(worker, now_);
      refused_ = !answer;
      if (refused_) return Actions{};
      held_[worker] = what == 1;
      return *answer;
    });
    ordering_ = false;
    refused_ = false;
  }

  void stop_all() {
    event("stop all", [&] { return tree_->stop_all(now_); });
  }

  /// Everything ends, with processes that obey sooner or later.
  void stop() {
    if (!broken_.empty()) return;
    stop_all();
    for (int count = 0; count < kEventsToStop && !over_ && broken_.empty(); ++count) {
      const auto leaving = any_worker([](const Process& p) { return p.exists && (p.killed || p.terminated); });
      if (leaving && chance(50)) {
        end_process(*leaving);
      } else {
        timer();
      }
    }
    if (!broken_.empty()) return;
    expect(over_, "the stop never ended");
    for (ChildId worker = 0; worker < workers_.size(); ++worker) {
      expect(at_rest(tree_->child(worker).state), "a worker is not at rest after the end");
      expect(!tree_->child(worker).wanted || tree_->child(worker).state == State::Failed, "wanted after the end");
    }
    expect(!tree_->next_timer(), "a timer after the end");
    event("late tick", [&] { return tree_->tick(now_ + 1h); });
  }

  // One event, and what must hold afterwards.

  template <class What>
  void event(const std::string& name, What what) {
    remember();
    const Actions actions = what();
    // A failure may restart a supervisor above, and a fresh supervisor knows of no earlier back-off beneath it.
    something_failed_ = std::any_of(actions.begin(), actions.end(), [](const Action& action) {
      return std::holds_alternative<Restarting>(action) || std::holds_alternative<RestartingSupervisor>(action);
    });
    story_.push_back(std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now_).count()) + "ms " +
                     name);
    for (const Action& action : actions) {
      expect(!over_, "an action after the end");
      std::visit([&](const auto& is) { on(is); }, action);
    }
    forget_windows();
    check_order(actions);
    check_rest();
    check_processes();
    check_failed();
    const std::optional<TimePoint> next = tree_->next_timer();
    expect(refused_ || !next || *next > now_, "a timer that has passed already");
  }

  void expect(bool holds, const std::string& promise) {
    if (!holds && broken_.empty()) broken_ = promise;
  }

  void remember() {
    before_.clear();
    for (ChildId worker = 0; worker < workers_.size(); ++worker) before_.push_back(tree_->child(worker));
    groups_before_.clear();
    for (SupervisorId group = 0; group < groups_.size(); ++group) {
      groups_before_.push_back(tree_->supervisor(group, now_).state);
    }
    was_ending_ = tree_->ending();
    if (was_ending_) return;
    own_way_.clear();
    for (const State state : groups_before_) own_way_.push_back(state == State::Stopping);
  }

  void on(const Start& start) {
    story_.push_back("  start w" + std::to_string(start.child));
    expect(!processes_[start.child].exists, "two generations at once");
    expect(!held_[start.child], "started although the operator stopped it");
    expect(workers_[start.child].child.startable, "started although its plugin is unusable");
    expect(!was_ending_, "started while the service ends");
    const std::optional<TimePoint> retry_at = before_[start.child].retry_at;
    expect(ordering_ || something_failed_ || !retry_at || *retry_at <= now_, "started before its back-off was over");
    for (auto group = std::optional(before_[start.child].supervisor); group; group = groups_[*group].parent) {
      const State state = tree_->supervisor(*group, now_).state;
      expect(state == State::Starting || state == State::Running, "started beneath a supervisor that is not up");
    }
    processes_[start.child] = {.exists = true, .since = now_};
  }

  void on(const Terminate& stop) {
    story_.push_back("  stop w" + std::to_string(stop.child));
    Process& process = processes_[stop.child];
    expect(process.exists, "asked to stop without a process");
    expect(!process.terminated && !process.killed, "asked to stop twice");
    process.terminated = true;
    process.terminated_at = now_;
    if (!tree_->ending() || was_going_down_already(before_[stop.child].supervisor)) return;
    const auto place = std::find(order_.begin(), order_.end(), stop.child);
    expect(std::none_of(place + 1, order_.end(), [&](ChildId later) { return processes_[later].exists; }),
           "the service does not stop in reverse order");
  }

  /// A supervisor that gave up before the service began to end stops its children in its own time.
  [[nodiscard]] bool was_going_down_already(SupervisorId supervisor) const {
    for (auto group = std::optional(supervisor); group; group = groups_[*group].parent) {
      if (own_way_[*group]) return true;
    }
    return false;
  }

  void on(const Kill& kill) {
    story_.push_back("  kill w" + std::to_string(kill.child));
    Process& process = processes_[kill.child];
    const ChildSpec& spec = workers_[kill.child].child;
    expect(process.exists && !process.killed, "killed without a process, or twice");
    switch (kill.reason) {
      case KillReason::StartTimedOut:
        expect(!process.ready && now_ - process.since >= spec.start_timeout, "its start had time left");
        break;
      case KillReason::GraceOver:
        expect(process.terminated && now_ - process.terminated_at >= spec.shutdown.grace, "its grace was not over");
        break;
      case KillReason::BrutalKill:
        expect(spec.shutdown.grace == 0s, "killed without being asked to stop");
        break;
      case KillReason::SupervisorGraceOver:
        break;
    }
    process.killed = true;
  }

  void on(const Restarting& restarting) {
    story_.push_back("  restarting w" + std::to_string(restarting.child));
    expect(workers_[restarting.child].child.restart != config::Restart::Temporary, "a temporary worker is restarted");
    spend(before_[restarting.child].supervisor, Child(std::in_place_index<0>, restarting.child));
  }

  void on(const RestartingSupervisor& restarting) {
    story_.push_back("  restarting s" + std::to_string(restarting.supervisor));
    forget_beneath(restarting.supervisor);
    spend(*groups_[restarting.supervisor].parent, Child(std::in_place_index<1>, restarting.supervisor));
  }

  void on(const GaveUp& gave_up) {
    story_.push_back("  gave up: s" + std::to_string(gave_up.supervisor) + ", " + gave_up.why);
    forget_group(gave_up.supervisor);
    groups_[gave_up.supervisor].restarts.clear();
  }

  void on(const Shutdown& shutdown) {
    story_.push_back("  end " + std::to_string(shutdown.exit_code));
    expect(std::none_of(processes_.begin(), processes_.end(), [](const Process& p) { return p.exists; }),
           "the end came before the last process was gone");
    over_ = true;
  }

  // The window of each supervisor, counted from the actions alone.

  void spend(SupervisorId supervisor, Child who) {
    Group& group = groups_[supervisor];
    group.restarts.push_back({now_, who});
    while (now_ - group.restarts.front().at > group.spec.period) group.restarts.pop_front();
    expect(group.restarts.size() <= group.spec.intensity, "more restarts than the intensity within the period");
    forget_group(supervisor);
  }

  void refund(SupervisorId supervisor, Child who, unsigned count) {
    std::deque<Spent>& restarts = groups_[supervisor].restarts;
    for (std::size_t index = restarts.size(); count != 0 && index-- != 0;) {
      if (restarts[index].who != who) continue;
      restarts.erase(restarts.begin() + static_cast<std::ptrdiff_t>(index));
      --count;
    }
  }

  /// Restarts within the window now.
  [[nodiscard]] std::size_t counted(SupervisorId supervisor) const {
    const Group& group = groups_[supervisor];
    return static_cast<std::size_t>(
        std::count_if(group.restarts.begin(), group.restarts.end(),
                      [&](const Spent& spent) { return now_ - spent.at <= group.spec.period; }));
  }

  /// Supervisors that go down because a sibling failed come back with a fresh window.
  void forget_group(SupervisorId supervisor) {
    if (groups_[supervisor].spec.strategy == config::Strategy::OneForOne) return;
    for (const auto& child : groups_[supervisor].children) {
      if (const auto* inner = std::get_if<1>(&child)) forget_beneath(*inner);
    }
  }

  void forget_beneath(SupervisorId supervisor) {
    groups_[supervisor].restarts.clear();
    for (const auto& child : groups_[supervisor].children) {
      if (const auto* inner = std::get_if<1>(&child)) forget_beneath(*inner);
    }
  }

  /// A supervisor that is down, or was, starts with a fresh window, and so does every one beneath it.
  void forget_windows() {
    const auto up = [](State state) { return state == State::Starting || state == State::Running; };
    for (SupervisorId group = 0; group < groups_.size(); ++group) {
      if (!up(groups_before_[group]) || !up(tree_->supervisor(group, now_).state)) forget_beneath(group);
    }
  }

  // Order, rest, truth.

  [[nodiscard]] State state_of(const Child& child) const {
    return child.index() == 0 ? tree_->child(std::get<0>(child)).state
                              : tree_->supervisor(std::get<1>(child), now_).state;
  }

  void check_order(const Actions& actions) {
    for (const Action& action : actions) {
      const auto* start = std::get_if<Start>(&action);
      if (start == nullptr) continue;
      Child child(std::in_place_index<0>, start->child);
      for (auto group = std::optional(before_[start->child].supervisor); group; group = groups_[*group].parent) {
        check_earlier_siblings(*group, child);
        child.emplace<1>(*group);
        const bool begins_now = groups_before_[*group] != State::Starting && state_of(child) == State::Starting;
        if (!begins_now) break;  // its own turn was in an earlier event
      }
    }
  }

  void check_earlier_siblings(SupervisorId group, const Child& started) {
    const bool ordered = groups_[group].spec.strategy != config::Strategy::OneForOne ||
                         tree_->supervisor(group, now_).state == State::Starting;
    if (!ordered) return;
    for (const auto& sibling : groups_[group].children) {
      if (sibling == started) return;
      const State state = state_of(sibling);
      expect(state == State::Running || at_rest(state), "started before an earlier sibling was ready");
    }
  }

  [[nodiscard]] bool anything_runs_beneath(SupervisorId group) const {
    return std::any_of(groups_[group].children.begin(), groups_[group].children.end(), [&](const auto& child) {
      return child.index() == 0 ? processes_[std::get<0>(child)].exists : anything_runs_beneath(std::get<1>(child));
    });
  }

  void check_rest() {
    const bool something_moves =
        tree_->next_timer().has_value() || std::any_of(processes_.begin(), processes_.end(), [](const Process& p) {
          return p.exists && (!p.ready || p.terminated || p.killed);
        });
    for (SupervisorId group = 0; group < groups_.size(); ++group) {
      const State state = tree_->supervisor(group, now_).state;
      expect((!at_rest(state) && state != State::Waiting) || !anything_runs_beneath(group),
             "a child of a stopped supervisor runs");
      expect(something_moves || at_rest(state) || state == State::Running, "a supervisor is stuck");
    }
    for (ChildId worker = 0; worker < workers_.size(); ++worker) {
      const State state = tree_->child(worker).state;
      expect(something_moves || at_rest(state) || state == State::Running, "a worker is stuck");
    }
  }

  void check_processes() {
    for (ChildId worker = 0; worker < workers_.size(); ++worker) {
      const Process& process = processes_[worker];
      const State state = tree_->child(worker).state;
      expect(process.exists == is_active(state), "the tree is wrong about a process");
      if (state == State::Running) expect(process.ready, "Running is not ready");
      if (state == State::Stopping) expect(process.terminated || process.killed, "Stopping, but nobody told it");
    }
  }

  /// Directly beneath the root nothing that failed comes back by itself.
  void check_failed() {
    if (ordering_) return;
    for (const auto& child : groups_[0].children) {
      if (child.index() != 0 || before_[std::get<0>(child)].state != State::Failed) continue;
      expect(tree_->child(std::get<0>(child)).state == State::Failed, "a failed worker came back by itself");
    }
  }

  Random dice_;
  int names_ = 0;
  std::vector<WorkerSpec> workers_;
  std::vector<Group> groups_;
  std::vector<ChildId> order_;  ///< depth first
  std::optional<Tree> tree_;

  TimePoint now_ = 1h;
  std::vector<Process> processes_;
  std::vector<bool> held_;
  bool ordering_ = false;
  bool something_failed_ = false;
  bool refused_ = false;  ///< the order at hand was no event for the tree
  bool over_ = false;

  std::vector<ChildStatus> before_;
  std::vector<State> groups_before_;
  bool was_ending_ = false;
  std::vector<bool> own_way_;  ///< supervisors that were stopping when the service began to end

  std::string broken_;
  std::vector<std::string> story_;
};

std::uint64_t only_seed() {
  const char* wanted = std::getenv("STEADY_SEED");
  return wanted == nullptr ? 0 : std::strtoull(wanted, nullptr, 10);
}

TEST_SUITE("supervision/simulation") {
  TEST_CASE("ten thousand random trees keep every promise under random events") {
    const std::uint64_t only = only_seed();
    for (std::uint64_t seed = only == 0 ? 1 : only; seed <= (only == 0 ? kSeeds : only); ++seed) {
      World world(seed);
      const std::string broken = world.run();
      REQUIRE_MESSAGE(broken.empty(), "STEADY_SEED=" << seed << ": " << broken << "\n" << world.story());
    }
  }
}

}  // namespace
}  // namespace steady::supervision
