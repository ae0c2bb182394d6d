#include "bench.hpp"

namespace steady::supervision::test {
namespace {

TEST_SUITE("supervision/stop") {
  TEST_CASE("everything stops in reverse start order, each waited for, then the service ends with code 0") {
    Bench bench(one_for_one({"a", one_for_one({"b", "c"}, "inner"), "d"}));
    bench.run();
    CHECK(bench.stop_all() == Words{"stop d"});
    CHECK(bench.dies("d") == Words{"stop c"});
    CHECK(bench.dies("c") == Words{"stop b"});
    CHECK(bench.exited("b", Exit::Normal) == Words{"stop a"});
    CHECK(bench.exited("a", Exit::Finished) == Words{"end 0"});
    for (const std::string name : {"a", "b", "c", "d"}) CHECK(bench.state(name) == State::Stopped);
    CHECK(bench.stop_all() == Words{});
    CHECK_FALSE(bench.tree->next_timer().has_value());
    CHECK(bench.tree->start(bench.now).empty());
  }

  TEST_CASE("a worker is killed when its grace is over, at once when it has none, never when it is infinite") {
    Bench bench(one_for_one({"patient", "brutal", "polite"}));
    bench.spec("patient").shutdown.grace.reset();
    bench.spec("brutal").shutdown.grace = 0s;
    bench.spec("polite").shutdown.grace = 2s;
    bench.run();
    CHECK(bench.stop_all() == Words{"stop polite"});
    CHECK(bench.tree->next_timer() == bench.now + 2s);
    CHECK(bench.after(2s) == Words{"kill polite"});
    CHECK(bench.after(100s) == Words{});
    CHECK(bench.dies("polite") == Words{"kill brutal"});
    CHECK(bench.dies("brutal") == Words{"stop patient"});
    CHECK_FALSE(bench.tree->next_timer().has_value());
    CHECK(bench.after(1000000s) == Words{});
    CHECK(bench.dies("patient") == Words{"end 0"});
  }

  TEST_CASE("a stop during the start goes back from where the start is") {
    Bench bench(one_for_one({"a", "b", "c"}));
    bench.start();
    bench.ready("a");
    CHECK(bench.stop_all() == Words{"stop b"});
    CHECK(bench.ready("b") == Words{});
    CHECK(bench.dies("b") == Words{"stop a"});
    CHECK(bench.dies("a") == Words{"end 0"});
    CHECK(bench.state("c") == State::Stopped);
  }

  TEST_CASE("a stop cancels a pending back-off") {
    Bench bench(one_for_one({"a", "b"}));
    bench.root.backoff.first = 10s;
    bench.run();
    bench.dies("a");
    CHECK(bench.stop_all() == Words{"stop b"});
    CHECK(bench.after(4s) == Words{});
    CHECK(bench.dies("b") == Words{"end 0"});
    CHECK(bench.after(20s) == Words{});
  }

  TEST_CASE("a stop cancels the back-offs beneath a supervisor before its turn to stop has come") {
    auto inner = one_for_one({"a", "b"}, "inner");
    inner.backoff.first = 1s;
    Bench bench(one_for_one({inner, "c"}));
    bench.run();
    bench.dies("a");
    CHECK(bench.stop_all() == Words{"stop c"});
    CHECK(bench.after(1s) == Words{});
    CHECK(bench.dies("c") == Words{"stop b"});
    CHECK(bench.dies("b") == Words{"end 0"});
  }

  TEST_CASE("a stop ends the wait of a supervisor with all beneath it") {
    auto inner = one_for_one({"a"}, "inner");
    inner.intensity = 0;
    Bench bench(one_for_one({inner, "b"}));
    bench.root.backoff.first = 10s;
    bench.run();
    CHECK(bench.dies("a") == Words{"inner gives up", "restarting inner"});
    CHECK(bench.stop_all() == Words{"stop b"});
    CHECK(bench.state("a") == State::Stopped);
    CHECK_FALSE(bench.status("a").wanted);
  }

  TEST_CASE("a stop during a group restart lets the stopping finish and starts nothing") {
    Bench bench(one_for_all({"a", "b", "c"}));
    bench.run();
    CHECK(bench.dies("a") == Words{"restarting a", "stop c"});
    CHECK(bench.stop_all() == Words{});
    CHECK(bench.dies("c") == Words{"stop b"});
    CHECK(bench.dies("b") == Words{"end 0"});
  }

  TEST_CASE("a stop during the group restart of a nested supervisor lets those after it stop first") {
    Bench bench(one_for_one({one_for_all({"a", "b", "c"}, "inner"), "d"}));
    bench.run();
    CHECK(bench.dies("a") == Words{"restarting a", "stop c"});
    CHECK(bench.stop_all() == Words{"stop d"});
    CHECK(bench.dies("c") == Words{});
    CHECK(bench.dies("d") == Words{"stop b"});
    CHECK(bench.dies("b") == Words{"end 0"});
  }

  TEST_CASE("a stop while a supervisor gives up waits for it in its turn") {
    auto inner = one_for_one({"b", "c"}, "inner");
    inner.intensity = 0;
    Bench bench(one_for_one({"a", inner, "d"}));
    bench.run();
    CHECK(bench.dies("b") == Words{"inner gives up", "stop c"});
    CHECK(bench.stop_all() == Words{"stop d"});
    CHECK(bench.dies("c") == Words{});
    CHECK(bench.dies("d") == Words{"stop a"});
    CHECK(bench.dies("a") == Words{"end 0"});
  }

  TEST_CASE("a stop with nothing running ends at once, also before the start") {
    Bench bench(one_for_one({"a"}));
    bench.start();
    bench.exited("a", Exit::Finished);
    CHECK(bench.stop_all() == Words{"end 0"});
    Bench fresh(one_for_one({"a"}));
    fresh.tree = std::make_unique<Tree>(fresh.root, fresh.workers, 1);
    CHECK(fresh.stop_all() == Words{"end 0"});
  }

  TEST_CASE("failed and finished workers keep saying so after the stop") {
    Bench bench(one_for_one({"a", "b"}));
    bench.spec("a").restart = config::Restart::Temporary;
    bench.run();
    bench.dies("a");
    bench.exited("b", Exit::Finished);
    CHECK(bench.stop_all() == Words{"end 0"});
    CHECK(bench.state("a") == State::Failed);
    CHECK(bench.state("b") == State::Finished);
  }

  TEST_CASE("a supervisor that exceeds its own shutdown time is killed with all beneath it") {
    auto inner = one_for_one({"b", "c"}, "inner");
    inner.shutdown.grace = 1s;
    Bench bench(one_for_one({"a", inner}));
    bench.run();
    CHECK(bench.stop_all() == Words{"stop c"});
    CHECK(bench.after(1s) == Words{"kill c", "kill b"});
    CHECK(bench.after(100s) == Words{});
    CHECK(bench.dies("b") == Words{});
    CHECK(bench.dies("c") == Words{"stop a"});
  }

  TEST_CASE("a brutal_kill supervisor goes down at once") {
    auto inner = one_for_one({"b", "c"}, "inner");
    inner.shutdown.grace = 0s;
    Bench bench(one_for_one({"a", inner}));
    bench.run();
    CHECK(bench.stop_all() == Words{"kill c", "kill b"});
    CHECK(bench.dies("c") == Words{});
    CHECK(bench.dies("b") == Words{"stop a"});
  }

  TEST_CASE("a worker killed for its slow start is not asked to stop as well") {
    Bench bench(one_for_one({"a"}));
    bench.start();
    CHECK(bench.after(10s) == Words{"kill a"});
    CHECK(bench.stop_all() == Words{});
    CHECK(bench.dies("a") == Words{"end 0"});
  }
}

}  // namespace
}  // namespace steady::supervision::test
