#include "bench.hpp"

namespace steady::supervision::test {
namespace {

TEST_SUITE("supervision/operator") {
  TEST_CASE("a stopped worker stays stopped until it is started") {
    Bench bench(one_for_one({"a", "b"}));
    bench.run();
    CHECK(bench.operator_stop("a") == Words{"stop a"});
    CHECK_FALSE(bench.status("a").wanted);
    CHECK(bench.operator_stop("a") == Words{"refused: worker 'a' is stopping"});
    CHECK(bench.after(5s) == Words{"kill a"});
    CHECK(bench.dies("a") == Words{});
    CHECK(bench.state("a") == State::Stopped);
    CHECK(bench.status("a").reason == "stopped by the operator");
    CHECK(bench.top().used == 0);
    CHECK(bench.operator_stop("a") == Words{"refused: worker 'a' is already stopped"});
    CHECK(bench.operator_start("a") == Words{"start a"});
    CHECK(bench.operator_start("a") == Words{"refused: worker 'a' is already running"});
  }

  TEST_CASE("a stop with a reason shows that reason, while it leaves and once it is gone") {
    Bench bench(one_for_one({"a", "b", "c"}));
    bench.root.backoff.first = 10s;
    bench.run();
    REQUIRE(bench.tree->operator_stop(bench.id("a"), bench.now, "its message killed it three times"));
    CHECK(bench.state("a") == State::Stopping);
    CHECK(bench.status("a").reason == "its message killed it three times");
    bench.dies("a");
    CHECK(bench.state("a") == State::Stopped);
    CHECK(bench.status("a").reason == "its message killed it three times");
    bench.dies("b");
    REQUIRE(bench.tree->operator_stop(bench.id("b"), bench.now, "no longer needed"));
    CHECK(bench.state("b") == State::Stopped);
    CHECK(bench.status("b").reason == "no longer needed");
    CHECK(bench.operator_stop("c") == Words{"stop c"});
    CHECK(bench.status("c").reason == "stopped by the operator");
  }

  TEST_CASE("strategies leave a stopped worker alone, and those after it do not wait for it") {
    Bench bench(one_for_all({"a", "b", "c"}));
    bench.run();
    bench.operator_stop("b");
    bench.dies("b");
    CHECK(bench.dies("a") == Words{"restarting a", "stop c"});
    CHECK(bench.dies("c") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start c"});
  }

  TEST_CASE("a group restart waits for a worker that the operator is stopping, and does not bring it back") {
    Bench bench(one_for_all({"a", "b"}));
    bench.run();
    CHECK(bench.operator_stop("b") == Words{"stop b"});
    CHECK(bench.dies("a") == Words{"restarting a"});
    CHECK(bench.dies("b") == Words{"start a"});
    CHECK(bench.ready("a") == Words{});
    CHECK(bench.state("b") == State::Stopped);
  }

  TEST_CASE("a restarted supervisor leaves a stopped worker stopped") {
    auto inner = one_for_one({"a", "b"}, "inner");
    inner.intensity = 0;
    Bench bench(one_for_one({inner}));
    bench.run();
    bench.operator_stop("b");
    bench.dies("b");
    CHECK(bench.dies("a") == Words{"inner gives up", "restarting inner", "start a"});
    CHECK(bench.ready("a") == Words{});
    CHECK(bench.state("b") == State::Stopped);
  }

  TEST_CASE("a restart stops and starts one worker and takes nothing from the budget") {
    Bench bench(one_for_all({"a", "b"}));
    bench.run();
    CHECK(bench.operator_restart("a") == Words{"stop a"});
    CHECK(bench.status("a").wanted);
    CHECK(bench.operator_restart("a") == Words{"refused: worker 'a' is already being restarted"});
    CHECK(bench.dies("a") == Words{"start a"});
    CHECK(bench.top().used == 0);
    CHECK(bench.status("a").restarts == 0);
  }

  TEST_CASE("a restart of a worker that does not run is a start") {
    Bench bench(one_for_one({"a"}));
    bench.run();
    bench.exited("a", Exit::Finished);
    CHECK(bench.operator_restart("a") == Words{"start a"});
  }

  TEST_CASE("a worker that hangs in its start can be restarted") {
    Bench bench(one_for_one({"a"}));
    bench.start();
    CHECK(bench.operator_restart("a") == Words{"stop a"});
    CHECK(bench.after(5s) == Words{"kill a"});
    CHECK(bench.dies("a") == Words{"start a"});
    CHECK(bench.top().used == 0);
  }

  TEST_CASE("a start ends a back-off and forgets the failures") {
    Bench bench(one_for_one({"a"}));
    bench.root.backoff.first = 10s;
    bench.run();
    bench.dies("a");
    CHECK(bench.operator_start("a") == Words{"start a"});
    CHECK(bench.status("a").failures_in_a_row == 0);
    CHECK(bench.after(10s) == Words{"kill a"});  // its start timeout, no second start
  }

  TEST_CASE("a start ends the back-off of the whole group") {
    Bench bench(one_for_all({"a", "b"}));
    bench.root.backoff.first = 10s;
    bench.run();
    bench.dies("b");
    bench.dies("a");
    CHECK(bench.operator_start("b") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start b"});
  }

  TEST_CASE("a start ends the back-off of a supervisor above") {
    auto inner = one_for_one({"a", "b"}, "inner");
    inner.intensity = 0;
    Bench bench(one_for_one({inner}));
    bench.root.backoff.first = 10s;
    bench.run();
    bench.operator_stop("b");
    bench.dies("b");
    CHECK(bench.dies("a") == Words{"inner gives up", "restarting inner"});
    CHECK(bench.status("a").retry_at == bench.now + 10s);
    CHECK(bench.operator_start("b") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start b"});
  }

  TEST_CASE("a stop cancels a back-off") {
    Bench bench(one_for_one({"a"}));
    bench.root.backoff.first = 10s;
    bench.run();
    bench.dies("a");
    CHECK(bench.operator_stop("a") == Words{});
    CHECK(bench.state("a") == State::Stopped);
    CHECK(bench.after(20s) == Words{});
  }

  TEST_CASE("a stop of the worker that all wait for lets the others go on") {
    Bench bench(one_for_one({"a", "b"}));
    bench.start();
    CHECK(bench.operator_stop("a") == Words{"stop a"});
    CHECK(bench.dies("a") == Words{"start b"});
  }

  TEST_CASE("a worker stopped before its turn is skipped; started before its turn it waits for it") {
    Bench bench(one_for_one({"a", "b", "c"}));
    bench.start();
    CHECK(bench.operator_start("b") == Words{"refused: worker 'b' already waits for its turn to start"});
    CHECK(bench.operator_stop("b") == Words{});
    CHECK(bench.operator_start("b") == Words{});
    CHECK(bench.operator_stop("b") == Words{});
    CHECK(bench.ready("a") == Words{"start c"});
  }

  TEST_CASE("a start while the stop is under way follows it") {
    Bench bench(one_for_one({"a"}));
    bench.run();
    bench.operator_stop("a");
    CHECK(bench.operator_start("a") == Words{});
    CHECK(bench.status("a").wanted);
    CHECK(bench.dies("a") == Words{"start a"});
  }

  TEST_CASE("a stop while the restart is under way wins") {
    Bench bench(one_for_all({"a", "b"}));
    bench.run();
    SUBCASE("the operator's restart") {
      bench.operator_restart("a");
      CHECK(bench.operator_stop("a") == Words{});
      CHECK(bench.dies("a") == Words{});
    }
    SUBCASE("the group's restart") {
      CHECK(bench.dies("b") == Words{"restarting b", "stop a"});
      CHECK(bench.operator_stop("a") == Words{});
      CHECK(bench.dies("a") == Words{"start b"});
    }
    CHECK(bench.state("a") == State::Stopped);
  }

  TEST_CASE("a temporary worker that the operator restarts comes back even if its group restarts meanwhile") {
    Bench bench(one_for_all({"a", "y"}));
    bench.spec("y").restart = config::Restart::Temporary;
    bench.run();
    CHECK(bench.operator_restart("y") == Words{"stop y"});
    CHECK(bench.dies("a") == Words{"restarting a"});
    CHECK(bench.dies("y") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start y"});
  }

  TEST_CASE("a refused order does not make the tree forget what is due") {
    Bench bench(one_for_one({"a", "b"}));
    bench.root.backoff.first = 1s;
    bench.run();
    bench.dies("a");
    const auto due = bench.tree->next_timer();
    bench.now += 2s;
    CHECK(bench.operator_start("b") == Words{"refused: worker 'b' is already running"});
    CHECK(bench.tree->next_timer() == due);
    CHECK(bench.after(0s) == Words{"start a"});
  }

  TEST_CASE("orders that make no sense are refused in words") {
    Bench bench(one_for_one({"a", one_for_one({"b", "c"}, "inner")}));
    std::get<config::Supervisor>(bench.root.children[1]).intensity = 0;
    bench.tree = std::make_unique<Tree>(bench.root, bench.workers, 1);
    CHECK(bench.operator_start("a") == Words{"refused: the service has not started"});
    bench.run();
    bench.dies("b");
    CHECK(bench.operator_start("b") == Words{"refused: a supervisor of worker 'b' is stopping; try again when it has"});
    bench.stop_all();
    for (const std::string name : {"a", "b"}) {
      CHECK(bench.operator_start(name) == Words{"refused: the service is stopping"});
      CHECK(bench.operator_stop(name) == Words{"refused: the service is stopping"});
      CHECK(bench.operator_restart(name) == Words{"refused: the service is stopping"});
    }
  }
}

}  // namespace
}  // namespace steady::supervision::test
