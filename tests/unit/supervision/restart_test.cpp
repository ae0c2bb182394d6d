#include "bench.hpp"

namespace steady::supervision::test {
namespace {

TEST_SUITE("supervision/restart") {
  TEST_CASE("one_for_one restarts the first, middle or last child and nothing else") {
    for (const std::string name : {"a", "b", "c"}) {
      CAPTURE(name);
      Bench bench(one_for_one({"a", "b", "c"}));
      bench.run();
      CHECK(bench.dies(name) == Words{"restarting " + name, "start " + name});
      CHECK(bench.ready(name) == Words{});
      CHECK(bench.status(name).restarts == 1);
    }
  }

  TEST_CASE("one_for_all stops the others in reverse order, each waited for, then starts all in order") {
    Bench bench(one_for_all({"a", "b", "c"}));
    SUBCASE("the first fails") {
      bench.run();
      CHECK(bench.dies("a") == Words{"restarting a", "stop c"});
      CHECK(bench.dies("c") == Words{"stop b"});
      CHECK(bench.dies("b") == Words{"start a"});
    }
    SUBCASE("the middle one fails") {
      bench.run();
      CHECK(bench.dies("b") == Words{"restarting b", "stop c"});
      CHECK(bench.dies("c") == Words{"stop a"});
      CHECK(bench.dies("a") == Words{"start a"});
    }
    SUBCASE("the last fails") {
      bench.run();
      CHECK(bench.dies("c") == Words{"restarting c", "stop b"});
      CHECK(bench.dies("b") == Words{"stop a"});
      CHECK(bench.dies("a") == Words{"start a"});
    }
    CHECK(bench.ready("a") == Words{"start b"});
    CHECK(bench.ready("b") == Words{"start c"});
    CHECK(bench.ready("c") == Words{});
    CHECK(bench.top().used == 1);
    CHECK(bench.status("a").restarts == 1);
  }

  TEST_CASE("rest_for_one takes those after the failed child along and leaves those before it") {
    Bench bench(rest_for_one({"a", "b", "c"}));
    bench.run();
    SUBCASE("the first fails") {
      CHECK(bench.dies("a") == Words{"restarting a", "stop c"});
      CHECK(bench.dies("c") == Words{"stop b"});
      CHECK(bench.dies("b") == Words{"start a"});
      CHECK(bench.ready("a") == Words{"start b"});
      CHECK(bench.ready("b") == Words{"start c"});
    }
    SUBCASE("the middle one fails") {
      CHECK(bench.dies("b") == Words{"restarting b", "stop c"});
      CHECK(bench.dies("c") == Words{"start b"});
      CHECK(bench.ready("b") == Words{"start c"});
    }
    SUBCASE("the last fails") {
      CHECK(bench.dies("c") == Words{"restarting c", "start c"});
    }
    CHECK(bench.ready("c") == Words{});
    CHECK(bench.top().used == 1);
  }

  TEST_CASE("what dies while its group is being stopped counts as stopped, whatever the order") {
    Bench bench(one_for_all({"a", "b", "c"}));
    bench.run();
    CHECK(bench.dies("b") == Words{"restarting b", "stop c"});
    CHECK(bench.dies("a") == Words{});  // its turn to be stopped had not come
    CHECK(bench.dies("c") == Words{"start a"});
    CHECK(bench.top().used == 1);
  }

  TEST_CASE("two that die at once are one group restart") {
    Bench bench(one_for_all({"a", "b"}));
    bench.run();
    CHECK(bench.dies("a") == Words{"restarting a", "stop b"});
    CHECK(bench.dies("b") == Words{"start a"});
    CHECK(bench.top().used == 1);
  }

  TEST_CASE("under one_for_one two that die at once restart independently") {
    Bench bench(one_for_one({"a", "b", "c"}));
    bench.run();
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
    CHECK(bench.dies("b") == Words{"restarting b", "start b"});
    CHECK(bench.ready("b") == Words{});
    CHECK(bench.state("a") == State::Starting);
    CHECK(bench.top().used == 2);
  }

  TEST_CASE("a failed start in a group restart is one more restart of the group") {
    Bench bench(one_for_all({"a", "b"}));
    bench.run();
    bench.dies("a");
    CHECK(bench.dies("b") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start b"});
    CHECK(bench.dies("b") == Words{"restarting b", "stop a"});
    CHECK(bench.dies("a") == Words{"start a"});
    CHECK(bench.top().used == 2);
  }

  TEST_CASE("rest_for_one: an earlier child that fails widens a restart that is under way") {
    Bench bench(rest_for_one({"a", "b", "c"}));
    bench.run();
    CHECK(bench.dies("b") == Words{"restarting b", "stop c"});
    CHECK(bench.dies("a") == Words{"restarting a"});
    CHECK(bench.dies("c") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start b"});
    CHECK(bench.ready("b") == Words{"start c"});
  }

  TEST_CASE("rest_for_one: a later child waits for an earlier one that is still coming up") {
    Bench bench(rest_for_one({"a", "b"}));
    bench.run();
    CHECK(bench.dies("a") == Words{"restarting a", "stop b"});
    CHECK(bench.dies("b") == Words{"start a"});
    CHECK(bench.after(9s) == Words{});
    CHECK(bench.ready("a") == Words{"start b"});
  }

  TEST_CASE("a group that does not stop within its grace is killed, one by one") {
    Bench bench(one_for_all({"a", "b", "c"}));
    bench.spec("b").shutdown.grace = 0s;
    bench.run();
    CHECK(bench.dies("a") == Words{"restarting a", "stop c"});
    CHECK(bench.after(5s) == Words{"kill c"});
    CHECK(bench.dies("c") == Words{"kill b"});
    CHECK(bench.dies("b") == Words{"start a"});
  }

  TEST_CASE("permanent is always restarted, transient after a failure only, temporary never") {
    Bench bench(one_for_one({"p", "t", "y"}));
    bench.spec("t").restart = config::Restart::Transient;
    bench.spec("y").restart = config::Restart::Temporary;
    bench.run();
    CHECK(bench.exited("p", Exit::Normal) == Words{"restarting p", "start p"});
    CHECK(bench.dies("t") == Words{"restarting t", "start t"});
    bench.ready("t");
    CHECK(bench.exited("t", Exit::Normal) == Words{});
    CHECK(bench.state("t") == State::Finished);
    CHECK(bench.dies("y") == Words{});
    CHECK(bench.state("y") == State::Failed);
    CHECK(bench.status("y").reason == "it died, and is temporary");
    CHECK(bench.top().used == 2);
    CHECK_FALSE(bench.top().failed);
  }

  TEST_CASE("a worker whose streams ended is not restarted, even a permanent one") {
    Bench bench(one_for_all({"a", "b"}));
    bench.run();
    CHECK(bench.exited("b", Exit::Finished) == Words{});
    CHECK(bench.state("b") == State::Finished);
    CHECK_FALSE(bench.status("b").wanted);
    SUBCASE("until its group restarts") {
      CHECK(bench.dies("a") == Words{"restarting a", "start a"});
      CHECK(bench.ready("a") == Words{"start b"});
    }
    SUBCASE("until the operator starts it") {
      CHECK(bench.operator_start("b") == Words{"start b"});
    }
  }

  TEST_CASE("a temporary child goes down with its group and stays down") {
    Bench bench(one_for_all({"a", "y", "c"}));
    bench.spec("y").restart = config::Restart::Temporary;
    bench.run();
    CHECK(bench.dies("a") == Words{"restarting a", "stop c"});
    CHECK(bench.dies("c") == Words{"stop y"});
    CHECK(bench.dies("y") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start c"});
    CHECK(bench.state("y") == State::Stopped);
    CHECK(bench.status("y").reason == "is temporary, and its group restarted");
  }

  TEST_CASE("a restart waits for its back-off, and the clock alone starts it") {
    Bench bench(one_for_one({"a"}));
    bench.root.backoff = {.first = 0s, .min = 100ms, .max = 1s, .factor = 2, .jitter = 0, .stable = 60s};
    bench.run();
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
    bench.ready("a");
    CHECK(bench.dies("a") == Words{"restarting a"});
    CHECK(bench.status("a").retry_at == bench.now + 100ms);
    CHECK(bench.status("a").reason == "it died");
    CHECK(bench.tree->next_timer() == bench.now + 100ms);
    CHECK(bench.after(99ms) == Words{});
    CHECK(bench.after(1ms) == Words{"start a"});
  }

  TEST_CASE("a worker that was ready for the stable time starts over with its back-off") {
    Bench bench(one_for_one({"a"}));
    bench.root.backoff.min = 1s;
    bench.run();
    bench.crash_and_recover("a");
    CHECK(bench.status("a").failures_in_a_row == 1);
    bench.now += 60s;
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
  }

  TEST_CASE("time in a long run counts towards stable although the group ended it") {
    Bench bench(one_for_all({"a", "b"}));
    bench.run();
    bench.dies("b");
    bench.make_ready(bench.tree->exited(bench.id("a"), Exit::Abnormal, bench.now));
    REQUIRE(bench.status("b").failures_in_a_row == 1);
    bench.now += 60s;
    bench.dies("a");
    bench.dies("b");
    CHECK(bench.status("b").failures_in_a_row == 0);
  }

  TEST_CASE("a group waits as long as the child that failed") {
    Bench bench(one_for_all({"a", "b"}));
    bench.root.backoff.first = 3s;
    bench.run();
    CHECK(bench.dies("b") == Words{"restarting b", "stop a"});
    CHECK(bench.dies("a") == Words{});
    CHECK(bench.status("a").retry_at == bench.now + 3s);
    CHECK(bench.status("a").reason == "restarts with worker 'b'");
    CHECK(bench.after(3s) == Words{"start a"});
  }

  TEST_CASE("a nested supervisor is stopped and started as one member of its group") {
    Bench bench(one_for_all({"a", one_for_one({"b", "c"}, "inner"), "d"}));
    bench.run();
    CHECK(bench.dies("d") == Words{"restarting d", "stop c"});
    CHECK(bench.dies("c") == Words{"stop b"});
    CHECK(bench.dies("b") == Words{"stop a"});
    CHECK(bench.dies("a") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start b"});
    CHECK(bench.ready("b") == Words{"start c"});
    CHECK(bench.ready("c") == Words{"start d"});
  }

  TEST_CASE("beneath a supervisor whose turn to stop has not come, nothing is started any more") {
    Bench bench(one_for_all({"a", one_for_one({"b", "c"}, "inner"), "d"}));
    bench.run();
    CHECK(bench.dies("a") == Words{"restarting a", "stop d"});
    CHECK(bench.dies("b") == Words{});
    CHECK(bench.dies("d") == Words{"stop c"});
    CHECK(bench.dies("c") == Words{"start a"});
    CHECK(bench.tree->supervisor(1, bench.now).used == 0);
  }

  TEST_CASE("an unfinished restart inside a nested supervisor is dropped when its own group restarts") {
    Bench bench(one_for_all({"a", one_for_one({"b"}, "inner")}));
    std::get<config::Supervisor>(bench.root.children[1]).backoff.first = 1s;
    bench.run();
    CHECK(bench.dies("b") == Words{"restarting b"});
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
    CHECK(bench.after(1s) == Words{});
    CHECK(bench.ready("a") == Words{"start b"});
  }
}

}  // namespace
}  // namespace steady::supervision::test
