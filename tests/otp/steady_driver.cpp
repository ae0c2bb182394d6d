// Runs the scenarios of the files given on supervision::Tree, in virtual time with simulated processes, and prints what
// happened in the form that compare.py describes. otp_driver.erl does the same with a real OTP supervisor.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.hpp"
#include "supervision/tree.hpp"

namespace steady::supervision {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

std::string join(const Words& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

Words words_of(const std::string& text) {
  std::string spaced;
  for (const char c : text) spaced += c == '(' || c == ')' || c == ',' ? std::string{' ', c, ' '} : std::string{c};
  std::istringstream stream(spaced);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// A tree as the scenario describes it: NAME WORD... [( CHILD, ... )]
struct Plan {
  config::Supervisor root{};
  std::vector<WorkerSpec> workers{};
  std::set<std::string> ignores_stop{};
  Words names{};  ///< depth first
};

class PlanReader {
 public:
  static Plan read(const std::string& text) {
    PlanReader reader(text);
    Node root = reader.node();
    STEADY_ASSERT(reader.next_ == reader.words_.size());
    reader.plan_.root = std::move(root.supervisor);
    return std::move(reader.plan_);
  }

 private:
  struct Node {
    config::Supervisor supervisor{};
    bool has_children = false;
  };

  explicit PlanReader(const std::string& text) : words_(words_of(text)) {}

  Node node() {
    Node node;
    config::Supervisor& supervisor = node.supervisor;
    supervisor.name = take();
    supervisor.period = 1h;
    supervisor.backoff = {.first = 0s, .min = 0s, .max = 0s, .factor = 1, .jitter = 0, .stable = 0s};
    supervisor.on_give_up = config::OnGiveUp::Exit;
    plan_.names.push_back(supervisor.name);
    bool ignores_stop = false;
    while (more() && peek() != "," && peek() != ")" && peek() != "(") {
      const std::string word = take();
      if (word == "ignores_stop") ignores_stop = true;
      if (word != "ignores_stop") setting(word, supervisor);
    }
    if (ignores_stop) plan_.ignores_stop.insert(supervisor.name);
    node.has_children = more() && peek() == "(";
    if (node.has_children) children(supervisor);
    if (!node.has_children) worker(supervisor);
    return node;
  }

  void setting(const std::string& word, config::Supervisor& into) {
    static const std::map<std::string, config::Strategy> strategies{{"one_for_one", config::Strategy::OneForOne},
                                                                    {"one_for_all", config::Strategy::OneForAll},
                                                                    {"rest_for_one", config::Strategy::RestForOne}};
    static const std::map<std::string, config::Restart> restarts{{"permanent", config::Restart::Permanent},
                                                                 {"transient", config::Restart::Transient},
                                                                 {"temporary", config::Restart::Temporary}};
    static const std::map<std::string, config::AutoShutdown> modes{
        {"any_significant", config::AutoShutdown::AnySignificant},
        {"all_significant", config::AutoShutdown::AllSignificant}};
    if (const auto found = strategies.find(word); found != strategies.end()) {
      into.strategy = found->second;
    } else if (const auto restart = restarts.find(word); restart != restarts.end()) {
      into.restart = restart->second;
    } else if (const auto mode = modes.find(word); mode != modes.end()) {
      into.auto_shutdown = mode->second;
    } else if (word == "significant") {
      into.significant = true;
    } else if (word == "degrade") {
      into.on_give_up = config::OnGiveUp::Degrade;
    } else if (word == "intensity") {
      into.intensity = static_cast<unsigned>(std::stoul(take()));
    } else if (word == "shutdown") {
      into.shutdown = shutdown(take());
    } else {
      std::fprintf(stderr, "'%s' means nothing in a tree\n", word.c_str());
      std::exit(2);
    }
  }

  static config::Shutdown shutdown(const std::string& word) {
    if (word == "infinity") return {std::nullopt};
    if (word == "brutal_kill") return {0ns};
    return {std::chrono::milliseconds(std::stoi(word))};
  }

  void children(config::Supervisor& into) {
    do {
      take();  // the bracket, then each comma
      Node child = node();
      if (child.has_children) {
        into.children.emplace_back(std::move(child.supervisor));
      } else {
        into.children.emplace_back(child.supervisor.name);
      }
    } while (peek() == ",");
    STEADY_ASSERT(take() == ")");
  }

  void worker(const config::Supervisor& from) {
    plan_.workers.push_back({.child = {.name = from.name,
                                       .restart = from.restart,
                                       .shutdown = from.shutdown,
                                       .significant = from.significant,
                                       .start_timeout = 0s},
                             .actors = {from.name}});
  }

  [[nodiscard]] bool more() const { return next_ < words_.size(); }
  [[nodiscard]] const std::string& peek() const { return words_.at(next_); }
  const std::string& take() { return words_.at(next_++); }

  Words words_;
  std::size_t next_ = 0;
  Plan plan_;
};

/// The processes of one scenario and what the tree is told of them. Every answer of the tree is carried out at once,
/// and what follows from it is told before the next thing happens, as with a supervisor that does one thing at a time.
class World {
 public:
  explicit World(Plan plan) : plan_(std::move(plan)), tree_(plan_.root, plan_.workers, 1) {
    for (const WorkerSpec& worker : plan_.workers) {
      processes_.push_back({.name = worker.child.name, .ignores_stop = plan_.ignores_stop.contains(worker.child.name)});
    }
  }

  void run(const Words& events) {
    for (const std::string& event : events) {
      const Words words = words_of(event);
      if (prepares(words)) continue;
      start();
      if (words.front() == "run") continue;
      happens(words);
      settle();
      print_trace(event);
    }
    start();
    print_up();
  }

 private:
  struct Process {
    std::string name;
    bool ignores_stop = false;
    unsigned failing_starts = 0;    ///< so many of the next starts fail
    bool holds_next_start = false;  ///< the next start takes until it is released
    bool holds_next_stop = false;
    bool exists = false;
    bool held = false;
    bool stopping = false;
    std::optional<Exit> died{};  ///< the tree has not been told yet
  };

  bool prepares(const Words& words) {
    if (words.front() == "fail_start") process(words[1]).failing_starts = static_cast<unsigned>(std::stoul(words[2]));
    if (words.front() == "hold_start") process(words[1]).holds_next_start = true;
    if (words.front() == "hold_stop") process(words[1]).holds_next_stop = true;
    return words.front() == "fail_start" || words.front() == "hold_start" || words.front() == "hold_stop";
  }

  void start() {
    if (started_) return;
    started_ = true;
    carry_out(tree_.start(now_));
    settle();
    print_trace("run");
  }

  void happens(const Words& words) {
    if (words.front() == "crash") return die(words, Exit::Abnormal);
    if (words.front() == "exit") return die(words, Exit::Normal);
    if (words.front() == "finish") return die(words, Exit::Finished);
    if (words.front() == "stop" && words.size() == 1) return carry_out(tree_.stop_all(now_));
    if (words.front() == "release") return release(process(words.at(1)));
    const ChildId child = id(words.at(1));
    if (words.front() == "stop") return ordered(tree_.operator_stop(child, now_));
    if (words.front() == "start") return ordered(tree_.operator_start(child, now_));
    if (words.front() == "restart") return ordered(tree_.operator_restart(child, now_));
    std::fprintf(stderr, "'%s' is no event\n", words.front().c_str());
    std::exit(2);
  }

  void ordered(Result<Actions> answer) {
    if (!answer) trace_.emplace_back("refused");
    if (answer) carry_out(*answer);
  }

  /// Several die before the tree is told of the first.
  void die(const Words& words, Exit exit) {
    for (auto name = words.begin() + 1; name != words.end(); ++name) {
      Process& process = this->process(*name);
      if (!process.exists) trace_.push_back(process.name + " does not run");
      if (!process.exists) continue;
      if (process.held && !process.stopping) trace_.push_back("start " + process.name + " fails");
      process.exists = false;
      process.held = false;
      process.died = exit;
    }
    for (auto name = words.begin() + 1; name != words.end(); ++name) {
      tell(process(*name));
      tell_what_follows();
    }
  }

  void tell(Process& process) {
    if (!process.died) return;
    const Exit exit = *std::exchange(process.died, std::nullopt);
    carry_out(tree_.exited(id(process.name), exit, now_));
  }

  void release(Process& process) {
    if (!std::exchange(process.held, false)) return;
    if (process.stopping) return gone(process);
    carry_out(tree_.ready(id(process.name), now_));
  }

  void gone(Process& process, Exit exit = Exit::Normal) {
    process.exists = false;
    process.held = false;
    process.died = exit;
    news_.push_back(id(process.name));
  }

  void carry_out(const Actions& actions) {
    for (const Action& action : actions) std::visit([this](const auto& what) { carry_out(what); }, action);
  }

  void carry_out(const Start& start) {
    Process& process = processes_.at(start.child);
    STEADY_ASSERT(!process.exists && !process.died);
    trace_.push_back("start " + process.name);
    process.stopping = false;
    if (process.failing_starts > 0) {
      --process.failing_starts;
      trace_.push_back("start " + process.name + " fails");
      process.died = Exit::StartFailed;
      failed_starts_.push_back(start.child);
      return;
    }
    process.exists = true;
    process.held = std::exchange(process.holds_next_start, false);
    news_.push_back(start.child);
  }

  void carry_out(const Terminate& stop) {
    Process& process = processes_.at(stop.child);
    if (!process.exists) return tell_later(process);
    trace_.push_back("stop " + process.name);
    process.stopping = true;
    process.held = std::exchange(process.holds_next_stop, false);
    if (!process.held && !process.ignores_stop) gone(process);
  }

  void carry_out(const Kill& kill) {
    Process& process = processes_.at(kill.child);
    if (!process.exists) return tell_later(process);
    trace_.push_back("kill " + process.name);
    gone(process, Exit::Abnormal);
  }

  void carry_out(const GaveUp& gave_up) {
    trace_.push_back(tree_.supervisor(gave_up.supervisor, now_).name + " gives up");
  }

  static void carry_out(const Restarting&) {}
  static void carry_out(const RestartingSupervisor&) {}
  static void carry_out(const Shutdown&) {}

  void tell_later(const Process& process) { news_.push_back(id(process.name)); }

  void tell_what_follows() {
    while (!news_.empty()) {
      Process& process = processes_.at(news_.front());
      news_.pop_front();
      const bool is_ready = process.exists && !process.held && !process.stopping;
      if (is_ready) carry_out(tree_.ready(id(process.name), now_));
      if (!is_ready) tell(process);
    }
  }

  /// Until nothing happens any more. A start that failed comes after all that had happened before, as OTP's retry does;
  /// time passes last.
  void settle() {
    do {
      tell_what_follows();
      if (!failed_starts_.empty()) {
        news_.push_back(failed_starts_.front());
        failed_starts_.pop_front();
      } else if (const auto next = tree_.next_timer()) {
        now_ = *next;
        carry_out(tree_.tick(now_));
      }
    } while (!news_.empty() || !failed_starts_.empty() || tree_.next_timer());
  }

  void print_trace(const std::string& event) {
    std::printf("%s: %s\n", event.c_str(), join(std::exchange(trace_, {}), ", ").c_str());
  }

  void print_up() const {
    std::set<std::string> up;
    for (const Process& process : processes_) {
      if (process.exists) up.insert(process.name);
    }
    for (SupervisorId index = 0; index < tree_.supervisor_count(); ++index) {
      const SupervisorStatus status = tree_.supervisor(index, now_);
      if (is_active(status.state)) up.insert(status.name);
    }
    Words in_order;
    for (const std::string& name : plan_.names) {
      if (up.contains(name)) in_order.push_back(name);
    }
    std::printf("up: %s\n", join(in_order, " ").c_str());
  }

  [[nodiscard]] ChildId id(const std::string& name) const {
    const auto found =
        std::find_if(processes_.begin(), processes_.end(), [&](const Process& it) { return it.name == name; });
    STEADY_ASSERT(found != processes_.end());
    return static_cast<ChildId>(found - processes_.begin());
  }
  Process& process(const std::string& name) { return processes_.at(id(name)); }

  Plan plan_;
  Tree tree_;
  std::vector<Process> processes_{};
  std::deque<ChildId> news_{};           ///< of whom the tree has to hear something
  std::deque<ChildId> failed_starts_{};  ///< of whom it hears that after all other news
  Words trace_{};
  TimePoint now_ = 1000s;
  bool started_ = false;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_remark(const std::string& line) {
  const auto begins = [&](const char* with) { return line.rfind(with, 0) == 0; };
  return line.empty() || begins("#") || begins("deviation ") || begins("here:") || begins("otp:") ||
         begins("in any order");
}

struct Scenario {
  std::string name{};
  std::string tree{};
  Words events{};
};

std::vector<Scenario> read(const char* path) {
  std::ifstream file(path);
  STEADY_ASSERT(file.is_open());
  std::vector<Scenario> scenarios;
  for (std::string raw; std::getline(file, raw);) {
    const std::string line = trimmed(raw);
    if (is_remark(line)) continue;
    if (line.rfind("== ", 0) == 0) {
      scenarios.push_back({.name = line.substr(3)});
    } else if (scenarios.back().tree.empty()) {
      scenarios.back().tree = line;
    } else {
      std::istringstream events(line);
      for (std::string event; std::getline(events, event, ';');) scenarios.back().events.push_back(trimmed(event));
    }
  }
  return scenarios;
}

int run_files(int count, char** paths) {
  for (int index = 1; index < count; ++index) {
    for (const Scenario& scenario : read(paths[index])) {
      std::printf("== %s\n", scenario.name.c_str());
      World(PlanReader::read(scenario.tree)).run(scenario.events);
    }
  }
  return 0;
}

}  // namespace
}  // namespace steady::supervision

int main(int argc, char** argv) {
  return steady::supervision::run_files(argc, argv);
}
