// The vocabulary of the supervision tests: a tree described in a few words, and its actions read as short sentences.
// Time moves only when a test says so.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "supervision/tree.hpp"

namespace steady::supervision::test {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

/// Workers in the order of their letters; each is an actor of its own.
struct Bench {
  std::vector<WorkerSpec> workers{};
  config::Supervisor root{};
  std::unique_ptr<Tree> tree{};
  TimePoint now = 1000s;

  /// A supervisor whose restarts wait for nothing unless a test wants back-off.
  static config::Supervisor supervisor(std::string name, config::Strategy strategy,
                                       std::vector<config::Supervisor::Child> children) {
    config::Supervisor made;
    made.name = std::move(name);
    made.strategy = strategy;
    made.children = std::move(children);
    made.backoff = {.first = 0s, .min = 0s, .max = 30s, .factor = 2, .jitter = 0, .stable = 60s};
    return made;
  }

  explicit Bench(config::Supervisor top) : root(std::move(top)) { collect(root); }

  void collect(const config::Supervisor& from) {
    for (const auto& child : from.children) {
      if (const auto* name = std::get_if<std::string>(&child)) {
        workers.push_back({.child = {.name = *name}, .actors = {*name}});
      } else {
        collect(std::get<config::Supervisor>(child));
      }
    }
  }

  ChildSpec& spec(const std::string& name) { return workers[id(name)].child; }

  [[nodiscard]] ChildId id(const std::string& name) const {
    const auto found =
        std::find_if(workers.begin(), workers.end(), [&](const auto& w) { return w.child.name == name; });
    REQUIRE(found != workers.end());
    return static_cast<ChildId>(found - workers.begin());
  }

  Words start() {
    tree = std::make_unique<Tree>(root, workers, 1);
    return words(tree->start(now));
  }

  /// Starts everything and reports each worker ready as soon as it starts.
  void run() {
    Actions actions;
    tree = std::make_unique<Tree>(root, workers, 1);
    actions = tree->start(now);
    make_ready(actions);
  }

  /// Answers every Start with ready, and what follows from it likewise.
  void make_ready(const Actions& actions) {
    for (const Action& action : actions) {
      if (const auto* started = std::get_if<Start>(&action)) make_ready(tree->ready(started->child, now));
    }
  }

  Words ready(const std::string& name) { return words(tree->ready(id(name), now)); }
  Words exited(const std::string& name, Exit exit) { return words(tree->exited(id(name), exit, now)); }
  Words dies(const std::string& name) { return exited(name, Exit::Abnormal); }
  Words stop_all() { return words(tree->stop_all(now)); }
  Words after(std::chrono::nanoseconds time) {
    now += time;
    return words(tree->tick(now));
  }

  Words operator_start(const std::string& name) { return answer(tree->operator_start(id(name), now)); }
  Words operator_stop(const std::string& name) { return answer(tree->operator_stop(id(name), now)); }
  Words operator_restart(const std::string& name) { return answer(tree->operator_restart(id(name), now)); }

  /// Dies, is started again, is ready: the whole of a harmless crash.
  void crash_and_recover(const std::string& name) { make_ready(tree->exited(id(name), Exit::Abnormal, now)); }

  [[nodiscard]] ChildStatus status(const std::string& name) const { return tree->child(id(name)); }
  [[nodiscard]] State state(const std::string& name) const { return status(name).state; }
  [[nodiscard]] SupervisorStatus top() const { return tree->supervisor(0, now); }

  [[nodiscard]] Words words(const Actions& actions) const {
    Words said;
    for (const Action& action : actions) said.push_back(word(action));
    return said;
  }

  [[nodiscard]] Words answer(const Result<Actions>& result) const {
    return result ? words(*result) : Words{"refused: " + result.error().message};
  }

  [[nodiscard]] std::string word(const Action& action) const {
    const auto child = [&](ChildId which) { return workers[which].child.name; };
    const auto group = [&](SupervisorId which) { return tree->supervisor(which, now).name; };
    return std::visit(
        [&](const auto& is) -> std::string {
          using What = std::decay_t<decltype(is)>;
          if constexpr (std::is_same_v<What, Start>) return "start " + child(is.child);
          if constexpr (std::is_same_v<What, Terminate>) return "stop " + child(is.child);
          if constexpr (std::is_same_v<What, Kill>) return "kill " + child(is.child);
          if constexpr (std::is_same_v<What, Restarting>) return "restarting " + child(is.child);
          if constexpr (std::is_same_v<What, RestartingSupervisor>) return "restarting " + group(is.supervisor);
          if constexpr (std::is_same_v<What, GaveUp>) return group(is.supervisor) + " gives up";
          if constexpr (std::is_same_v<What, Shutdown>) return "end " + std::to_string(is.exit_code);
        },
        action);
  }
};

inline config::Supervisor one_for_one(std::vector<config::Supervisor::Child> children, std::string name = "root") {
  return Bench::supervisor(std::move(name), config::Strategy::OneForOne, std::move(children));
}
inline config::Supervisor one_for_all(std::vector<config::Supervisor::Child> children, std::string name = "root") {
  return Bench::supervisor(std::move(name), config::Strategy::OneForAll, std::move(children));
}
inline config::Supervisor rest_for_one(std::vector<config::Supervisor::Child> children, std::string name = "root") {
  return Bench::supervisor(std::move(name), config::Strategy::RestForOne, std::move(children));
}

}  // namespace steady::supervision::test

// doctest prints vectors of words in a failed comparison.
namespace doctest {
template <>
struct StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& words) {
    std::string text = "[";
    for (const std::string& word : words) text += (text.size() > 1 ? ", " : "") + word;
    return (text + "]").c_str();
  }
};
}  // namespace doctest
