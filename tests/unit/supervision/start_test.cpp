#include "bench.hpp"

namespace steady::supervision::test {
namespace {

TEST_SUITE("supervision/start") {
  TEST_CASE("children start in order, each ready before the next") {
    Bench bench(one_for_one({"a", "b", "c"}));
    CHECK(bench.start() == Words{"start a"});
    CHECK(bench.state("b") == State::Waiting);
    CHECK(bench.ready("a") == Words{"start b"});
    CHECK(bench.ready("b") == Words{"start c"});
    CHECK(bench.top().state == State::Starting);
    CHECK(bench.ready("c") == Words{});
    CHECK(bench.top().state == State::Running);
    CHECK_FALSE(bench.tree->next_timer().has_value());
  }

  TEST_CASE("a nested supervisor is ready when its last child is") {
    Bench bench(one_for_one({"a", one_for_all({"b", "c"}, "inner"), "d"}));
    CHECK(bench.start() == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start b"});
    CHECK(bench.ready("b") == Words{"start c"});
    CHECK(bench.ready("c") == Words{"start d"});
  }

  TEST_CASE("a supervisor without children is ready at once") {
    Bench bench(one_for_one({one_for_one({}, "empty"), "a"}));
    CHECK(bench.start() == Words{"start a"});
    CHECK(bench.tree->supervisor(1, bench.now).state == State::Running);
  }

  TEST_CASE("a worker of several actors is one child, where its first actor is listed") {
    config::Supervisor root = one_for_one({"x", "a", "b", "y"});
    const std::vector<WorkerSpec> workers = {{.child = {.name = "shared"}, .actors = {"y", "a", "b"}},
                                             {.child = {.name = "x"}, .actors = {"x"}}};
    Tree tree(root, workers, 1);
    CHECK(tree.child_count() == 2);
    const Actions first = tree.start(0s);
    REQUIRE(first.size() == 1);
    CHECK(std::get<Start>(first[0]).child == 1);
    const Actions second = tree.ready(1, 0s);
    REQUIRE(second.size() == 1);
    CHECK(std::get<Start>(second[0]).child == 0);
  }

  TEST_CASE("starting twice starts once") {
    Bench bench(one_for_one({"a"}));
    CHECK(bench.start() == Words{"start a"});
    CHECK(bench.tree->start(bench.now).empty());
  }

  TEST_CASE("a worker whose plugin is unusable is failed from the start and the order skips it") {
    Bench bench(rest_for_one({"a", "b", "c"}));
    bench.spec("b").startable = false;
    CHECK(bench.start() == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start c"});
    CHECK(bench.state("b") == State::Failed);
    CHECK(bench.status("b").wanted);
    CHECK(bench.status("b").reason == "its plugin cannot be used");
    CHECK(bench.operator_start("b") == Words{"refused: worker 'b' cannot run: its plugin cannot be used"});
    CHECK(bench.dies("a") == Words{"restarting a", "stop c"});
    CHECK(bench.dies("c") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start c"});
  }

  TEST_CASE("a worker that dies before it is ready is retried, and those after it wait") {
    Bench bench(one_for_one({"a", "b"}));
    bench.start();
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
    CHECK(bench.state("b") == State::Waiting);
    CHECK(bench.ready("a") == Words{"start b"});
  }

  TEST_CASE("an end with code 0 before ready is a failed start") {
    Bench bench(one_for_one({"a"}));
    bench.spec("a").restart = config::Restart::Transient;
    bench.start();
    CHECK(bench.exited("a", Exit::Normal) == Words{"restarting a", "start a"});
  }

  TEST_CASE("a worker that is not ready in time is killed and counts as a failed start") {
    Bench bench(one_for_one({"a", "b"}));
    bench.start();
    CHECK(bench.tree->next_timer() == bench.now + 10s);
    CHECK(bench.after(10s) == Words{"kill a"});
    CHECK(bench.ready("a") == Words{});  // too late: the kill is on its way
    CHECK(bench.state("a") == State::Starting);
    CHECK(bench.exited("a", Exit::StartFailed) == Words{"restarting a", "start a"});
    CHECK(bench.status("a").failures_in_a_row == 1);
  }

  TEST_CASE("without a start timeout a worker may take for ever") {
    Bench bench(one_for_one({"a"}));
    bench.spec("a").start_timeout = 0s;
    bench.start();
    CHECK_FALSE(bench.tree->next_timer().has_value());
  }

  TEST_CASE("a crash-looping worker is given up at start and the rest runs") {
    Bench bench(one_for_one({"a", "b"}));
    bench.start();
    for (int crash = 0; crash < 5; ++crash) REQUIRE(bench.dies("a") == Words{"restarting a", "start a"});
    CHECK(bench.dies("a") == Words{"root gives up", "start b"});
    CHECK(bench.state("a") == State::Failed);
    CHECK(bench.top().failed);
  }

  TEST_CASE("a worker that never gets ready is given up even when its failures are too slow for the window") {
    Bench bench(one_for_one({"a", "b"}));
    bench.start();
    for (int timeout = 0; timeout < 5; ++timeout) {
      REQUIRE(bench.after(10s) == Words{"kill a"});
      REQUIRE(bench.dies("a") == Words{"restarting a", "start a"});
      REQUIRE(bench.top().used <= 2);
    }
    CHECK(bench.after(10s) == Words{"kill a"});
    CHECK(bench.dies("a") == Words{"root gives up", "start b"});
    CHECK(bench.top().why == "worker 'a': it was not ready within 10s, 6 times in a row, and others wait for it");
  }

  TEST_CASE("once everything was up, slow failures of one worker are retried for ever") {
    Bench bench(one_for_one({"a", "b"}));
    bench.run();
    bench.dies("a");
    for (int timeout = 0; timeout < 50; ++timeout) {
      REQUIRE(bench.after(10s) == Words{"kill a"});
      REQUIRE(bench.dies("a") == Words{"restarting a", "start a"});
    }
  }

  TEST_CASE("while others start, one that was ready and dies is waited for") {
    Bench bench(one_for_one({"a", "b", "c"}));
    bench.start();
    bench.ready("a");
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
    CHECK(bench.ready("b") == Words{});
    CHECK(bench.ready("a") == Words{"start c"});
  }

  TEST_CASE("a transient worker that is done lets the order go on") {
    Bench bench(one_for_one({"a", "b", "c"}));
    bench.spec("a").restart = config::Restart::Transient;
    bench.start();
    bench.ready("a");
    CHECK(bench.exited("a", Exit::Normal) == Words{});
    CHECK(bench.ready("b") == Words{"start c"});
    CHECK(bench.state("a") == State::Finished);
  }

  TEST_CASE("streams that end before ready finish the worker") {
    Bench bench(one_for_one({"a", "b"}));
    bench.start();
    CHECK(bench.exited("a", Exit::Finished) == Words{"start b"});
    CHECK(bench.state("a") == State::Finished);
  }

  TEST_CASE("a temporary worker whose start fails is failed and the order goes on") {
    Bench bench(one_for_one({"a", "b"}));
    bench.spec("a").restart = config::Restart::Temporary;
    bench.start();
    CHECK(bench.dies("a") == Words{"start b"});
    CHECK(bench.state("a") == State::Failed);
  }

  TEST_CASE("events for workers without a process, and ticks at odd times, change nothing") {
    Bench bench(one_for_one({"a", "b"}));
    bench.start();
    CHECK(bench.dies("b") == Words{});
    CHECK(bench.ready("b") == Words{});
    CHECK(bench.after(1s) == Words{});
    CHECK(bench.state("b") == State::Waiting);
  }

  TEST_CASE("time that goes back is taken as standing still") {
    Bench bench(one_for_one({"a"}));
    bench.start();
    bench.now -= 500s;
    CHECK(bench.after(0s) == Words{});
    CHECK(bench.tree->next_timer() == TimePoint(1010s));
  }
}

}  // namespace
}  // namespace steady::supervision::test
