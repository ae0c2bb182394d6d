#include "bench.hpp"

namespace steady::supervision::test {
namespace {

config::Supervisor strict(config::Supervisor supervisor, unsigned intensity) {
  supervisor.intensity = intensity;
  return supervisor;
}

config::Supervisor with(config::Supervisor supervisor, config::Restart restart) {
  supervisor.restart = restart;
  return supervisor;
}

TEST_SUITE("supervision/give_up") {
  TEST_CASE("degrade under one_for_one fails only the child that used the budget up") {
    Bench bench(strict(one_for_one({"a", "b", "c"}), 1));
    bench.run();
    bench.crash_and_recover("b");
    CHECK(bench.dies("b") == Words{"root gives up"});
    CHECK(bench.state("b") == State::Failed);
    CHECK(bench.state("a") == State::Running);
    CHECK(bench.top().failed);
    CHECK(bench.top().why == "worker 'b': it died; more than 1 restart within 10s");
    CHECK(bench.status("b").wanted);
    SUBCASE("a sibling that crashes right after finds a budget of its own") {
      CHECK(bench.dies("a") == Words{"restarting a", "start a"});
    }
    SUBCASE("time alone does not bring it back") {
      CHECK(bench.after(3600s) == Words{});
    }
    SUBCASE("the operator brings it back, and the supervisor is whole again") {
      CHECK(bench.operator_start("b") == Words{"start b"});
      CHECK_FALSE(bench.top().failed);
      CHECK(bench.status("b").failures_in_a_row == 0);
      CHECK(bench.status("b").restarts == 1);
    }
    SUBCASE("stopping it says that its failure is known") {
      CHECK(bench.operator_stop("b") == Words{});
      CHECK(bench.state("b") == State::Stopped);
      CHECK_FALSE(bench.top().failed);
    }
  }

  TEST_CASE("degrade under one_for_all fails the whole set") {
    Bench bench(strict(one_for_all({"a", "b", "c"}), 0));
    bench.run();
    CHECK(bench.dies("b") == Words{"root gives up", "stop c"});
    CHECK(bench.dies("c") == Words{"stop a"});
    CHECK(bench.dies("a") == Words{});
    for (const std::string name : {"a", "b", "c"}) CHECK(bench.state(name) == State::Failed);
    SUBCASE("and the operator's start of one starts the set, in order") {
      CHECK(bench.operator_start("c") == Words{"start a"});
      CHECK(bench.ready("a") == Words{"start b"});
      CHECK(bench.ready("b") == Words{"start c"});
      CHECK_FALSE(bench.top().failed);
    }
  }

  TEST_CASE("degrade under rest_for_one fails the child and those after it") {
    Bench bench(strict(rest_for_one({"a", "b", "c"}), 1));
    bench.run();
    bench.dies("b");
    bench.make_ready(bench.tree->exited(bench.id("c"), Exit::Abnormal, bench.now));
    CHECK(bench.dies("b") == Words{"root gives up", "stop c"});
    CHECK(bench.dies("c") == Words{});
    CHECK(bench.state("c") == State::Failed);
    SUBCASE("an earlier child's restart leaves them failed") {
      CHECK(bench.dies("a") == Words{"restarting a", "start a"});
      CHECK(bench.ready("a") == Words{});
      CHECK(bench.top().failed);
    }
    SUBCASE("the operator may change their fate while they still stop") {
      CHECK(bench.operator_start("b") == Words{"start b"});
      CHECK(bench.ready("b") == Words{"start c"});
    }
  }

  TEST_CASE("a start ordered while the given-up set still stops follows when it is gone") {
    Bench bench(strict(one_for_all({"a", "b"}), 0));
    bench.run();
    CHECK(bench.dies("a") == Words{"root gives up", "stop b"});
    CHECK(bench.operator_start("b") == Words{});
    CHECK(bench.dies("b") == Words{"start a"});
    CHECK(bench.ready("a") == Words{"start b"});
  }

  TEST_CASE("with on_give_up: exit everything stops and the service ends with code 1") {
    Bench bench(strict(one_for_one({"a", "b", "c"}), 0));
    bench.root.on_give_up = config::OnGiveUp::Exit;
    bench.run();
    CHECK(bench.dies("b") == Words{"root gives up", "stop c"});
    CHECK(bench.stop_all() == Words{});
    CHECK(bench.dies("c") == Words{"stop a"});
    CHECK(bench.dies("a") == Words{"end 1"});
    CHECK(bench.tree->ending());
    CHECK(bench.state("b") == State::Failed);
  }

  TEST_CASE("a nested supervisor that gives up stops itself, and its parent restarts it as a whole") {
    Bench bench(one_for_one({"a", strict(one_for_one({"b", "c"}, "inner"), 0)}));
    bench.run();
    CHECK(bench.dies("b") == Words{"inner gives up", "stop c"});
    CHECK(bench.state("b") == State::Failed);
    CHECK(bench.top().used == 0);
    CHECK(bench.dies("c") == Words{"restarting inner", "start b"});
    CHECK(bench.top().used == 1);
    CHECK(bench.ready("b") == Words{"start c"});
    CHECK_FALSE(bench.tree->supervisor(1, bench.now).failed);
  }

  TEST_CASE("a failure climbs three levels when every budget is used up") {
    const auto innermost = strict(one_for_one({"d", "e"}, "innermost"), 0);
    const auto inner = strict(one_for_one({"b", innermost, "f"}, "inner"), 0);
    Bench bench(strict(one_for_one({"a", inner, "g"}), 0));
    bench.run();
    CHECK(bench.dies("d") == Words{"innermost gives up", "stop e"});
    CHECK(bench.dies("e") == Words{"inner gives up", "stop f"});
    CHECK(bench.dies("f") == Words{"stop b"});
    CHECK(bench.dies("b") == Words{"root gives up"});
    for (const std::string name : {"b", "d", "e", "f"}) CHECK(bench.state(name) == State::Failed);
    CHECK(bench.state("a") == State::Running);
    CHECK(bench.state("g") == State::Running);
    CHECK(bench.tree->supervisor(1, bench.now).failed);
    SUBCASE("the operator's start of one worker brings its whole branch back") {
      CHECK(bench.operator_start("e") == Words{"start b"});
      CHECK(bench.ready("b") == Words{"start d"});
      CHECK(bench.ready("d") == Words{"start e"});
      CHECK(bench.ready("e") == Words{"start f"});
      CHECK_FALSE(bench.top().failed);
    }
  }

  TEST_CASE("an escalation counts in the parent's window and starts with a fresh one beneath") {
    Bench bench(strict(one_for_one({strict(one_for_one({"a"}, "inner"), 1)}), 1));
    bench.run();
    bench.crash_and_recover("a");
    CHECK(bench.dies("a") == Words{"inner gives up", "restarting inner", "start a"});
    bench.ready("a");
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
    bench.ready("a");
    CHECK(bench.dies("a") == Words{"inner gives up", "root gives up"});
  }

  TEST_CASE("a nested supervisor that gives up takes its group along as any child would") {
    Bench bench(rest_for_one({"a", strict(one_for_one({"b"}, "inner"), 0), "c"}));
    bench.run();
    CHECK(bench.dies("b") == Words{"inner gives up", "restarting inner", "stop c"});
    CHECK(bench.dies("c") == Words{"start b"});
    CHECK(bench.ready("b") == Words{"start c"});
  }

  TEST_CASE("a transient or temporary supervisor that gives up stays down, as OTP's reason is shutdown") {
    for (const auto restart : {config::Restart::Transient, config::Restart::Temporary}) {
      Bench bench(one_for_one({with(strict(one_for_one({"a", "b"}, "inner"), 0), restart), "c"}));
      bench.run();
      CHECK(bench.dies("a") == Words{"inner gives up", "stop b"});
      CHECK(bench.dies("b") == Words{});
      CHECK(bench.state("b") == State::Failed);
      CHECK(bench.state("c") == State::Running);
      CHECK(bench.tree->supervisor(1, bench.now).failed);
      CHECK(bench.operator_start("b") == Words{"start a"});
    }
  }

  TEST_CASE("a nested supervisor that never comes up is given up by its parent, however slowly it fails") {
    Bench bench(strict(one_for_one({strict(one_for_one({"a"}, "inner"), 1), "b"}), 1));
    bench.start();
    int starts = 1;
    while (bench.state("b") == State::Waiting && starts < 20) {
      REQUIRE(bench.after(10s) == Words{"kill a"});
      bench.dies("a");
      ++starts;
    }
    CHECK(bench.state("b") == State::Starting);
    CHECK(bench.state("a") == State::Failed);
  }

  TEST_CASE("restarts spread over more than the period never use the budget up") {
    Bench bench(one_for_one({"a"}));
    bench.run();
    for (int crash = 0; crash < 100; ++crash) {
      bench.now += 2s + 1ms;
      REQUIRE(bench.dies("a") == Words{"restarting a", "start a"});
      bench.ready("a");
    }
    CHECK(bench.top().used == 5);
  }
}

TEST_SUITE("supervision/auto_shutdown") {
  config::Supervisor automatic(config::Supervisor supervisor, config::AutoShutdown mode) {
    supervisor.auto_shutdown = mode;
    return supervisor;
  }

  TEST_CASE("any_significant: the first significant child that is done stops the service with code 0") {
    Bench bench(automatic(one_for_one({"a", "b", "c"}), config::AutoShutdown::AnySignificant));
    bench.spec("b").significant = true;
    bench.spec("b").restart = config::Restart::Transient;
    bench.run();
    SUBCASE("it ended by itself") {
      CHECK(bench.exited("b", Exit::Normal) == Words{"stop c"});
      CHECK(bench.dies("c") == Words{"stop a"});
      CHECK(bench.dies("a") == Words{"end 0"});
    }
    SUBCASE("a crash that is restarted is no end") {
      CHECK(bench.dies("b") == Words{"restarting b", "start b"});
    }
    SUBCASE("another child's end is not significant") {
      CHECK(bench.exited("a", Exit::Finished) == Words{});
    }
    SUBCASE("the operator's stop is no end either") {
      CHECK(bench.operator_stop("b") == Words{"stop b"});
      CHECK(bench.dies("b") == Words{});
    }
  }

  TEST_CASE("all_significant: the last significant child decides") {
    Bench bench(automatic(one_for_one({"a", "b", "c"}), config::AutoShutdown::AllSignificant));
    for (const std::string name : {"a", "b"}) {
      bench.spec(name).significant = true;
      bench.spec(name).restart = config::Restart::Temporary;
    }
    bench.run();
    CHECK(bench.dies("a") == Words{});
    CHECK(bench.exited("b", Exit::Finished) == Words{"stop c"});
    CHECK(bench.dies("c") == Words{"end 0"});
  }

  TEST_CASE("a nested supervisor that shut itself down is finished unless it is permanent") {
    const auto inner = automatic(one_for_one({"a", "b"}, "inner"), config::AutoShutdown::AnySignificant);
    for (const auto restart : {config::Restart::Permanent, config::Restart::Transient}) {
      Bench bench(one_for_one({with(inner, restart), "c"}));
      bench.spec("a").significant = true;
      bench.run();
      CHECK(bench.exited("a", Exit::Finished) == Words{"stop b"});
      if (restart == config::Restart::Permanent) {
        CHECK(bench.dies("b") == Words{"restarting inner", "start a"});
      } else {
        CHECK(bench.dies("b") == Words{});
        CHECK(bench.tree->supervisor(1, bench.now).state == State::Finished);
        CHECK(bench.state("b") == State::Stopped);
      }
      CHECK(bench.state("c") == State::Running);
    }
  }

  TEST_CASE("a significant supervisor passes its own end upwards") {
    auto inner = automatic(one_for_one({"a"}, "inner"), config::AutoShutdown::AnySignificant);
    inner.significant = true;
    inner.restart = config::Restart::Temporary;
    Bench bench(automatic(one_for_one({inner, "b"}), config::AutoShutdown::AllSignificant));
    bench.spec("a").significant = true;
    bench.run();
    CHECK(bench.exited("a", Exit::Finished) == Words{"stop b"});
    CHECK(bench.dies("b") == Words{"end 0"});
  }

  TEST_CASE("without auto_shutdown significance means nothing") {
    Bench bench(one_for_one({"a"}));
    bench.spec("a").significant = true;
    bench.run();
    CHECK(bench.exited("a", Exit::Finished) == Words{});
    CHECK_FALSE(bench.tree->ending());
  }
}

}  // namespace
}  // namespace steady::supervision::test
