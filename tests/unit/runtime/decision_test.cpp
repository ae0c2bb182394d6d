#include "runtime/decision.hpp"

#include <doctest/doctest.h>

#include "../supervision/bench.hpp"

namespace steady::runtime {
namespace {

using namespace std::chrono_literals;
using supervision::Exit;
using supervision::test::Bench;
using supervision::test::one_for_all;
using supervision::test::one_for_one;

/// What is said of a worker that ends so.
std::string said_when(Bench& bench, const std::string& name, Exit exit = Exit::Abnormal) {
  const supervision::Actions actions = bench.tree->exited(bench.id(name), exit, bench.now);
  const std::string words = decision_of(actions, bench.id(name), *bench.tree, bench.now);
  bench.make_ready(actions);
  return words;
}

}  // namespace

TEST_SUITE("runtime/decision") {
  TEST_CASE("a supervisor that gives up says so, and why") {
    Bench bench(one_for_one({"a"}));
    bench.root.intensity = 0;
    bench.run();
    CHECK(said_when(bench, "a") ==
          "supervisor root gave up: worker 'a': it died; more than 0 restarts within 10s");
  }

  TEST_CASE("a supervisor that is restarted with everything beneath it is named as well") {
    auto inner = one_for_one({"a"}, "inner");
    inner.intensity = 0;
    Bench bench(one_for_one({inner, "b"}));
    bench.root.backoff.first = 3s;
    bench.run();
    CHECK(said_when(bench, "a") ==
          "supervisor inner gave up: worker 'a': it died; more than 0 restarts within 10s; "
          "supervisor inner restarted in 3s with everything beneath it");
  }

  TEST_CASE("a restart tells when it happens and what is left of the budget") {
    Bench bench(one_for_one({"a", "b"}));
    bench.root.intensity = 3;
    bench.root.backoff.min = 200ms;
    bench.run();
    CHECK(said_when(bench, "a") == "restarted at once (1 of 3 restarts within 10s)");
    CHECK(said_when(bench, "b") == "restarted at once (2 of 3 restarts within 10s)");
    CHECK(said_when(bench, "a") == "restarted in 200ms (3 of 3 restarts within 10s)");
  }

  TEST_CASE("only the restart of the worker at hand is told, not that of its group") {
    Bench bench(one_for_all({"a", "b"}));
    bench.run();
    const auto actions = bench.tree->exited(bench.id("a"), Exit::Abnormal, bench.now);
    CHECK(decision_of(actions, bench.id("b"), *bench.tree, bench.now).starts_with("stays down"));
    CHECK(decision_of(actions, bench.id("a"), *bench.tree, bench.now).starts_with("restarted at once (1 of "));
  }

  TEST_CASE("a worker that nobody restarts stays down, with the reason its status shows") {
    Bench bench(one_for_one({"a", "b"}));
    bench.spec("a").restart = config::Restart::Temporary;
    bench.run();
    CHECK(said_when(bench, "a") == "stays down: it died, and is temporary");
    CHECK(said_when(bench, "b", Exit::Finished) == "stays down: its streams ended");
  }

  TEST_CASE("a pardoned restart is not among those that are counted") {
    Bench bench(one_for_one({"a"}));
    bench.run();
    said_when(bench, "a");
    said_when(bench, "a");
    bench.tree->pardon(bench.id("a"), 2);
    CHECK(said_when(bench, "a") == "restarted at once (1 of " + std::to_string(bench.root.intensity) +
                                       " restarts within 10s)");
  }
}

}  // namespace steady::runtime
