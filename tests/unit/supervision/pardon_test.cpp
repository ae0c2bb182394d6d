// Restarts that a message was to blame for, and that no longer count once it is set aside.
#include "bench.hpp"

namespace steady::supervision::test {
namespace {

config::Supervisor strict(config::Supervisor supervisor, unsigned intensity) {
  supervisor.intensity = intensity;
  return supervisor;
}

TEST_SUITE("supervision/pardon") {
  TEST_CASE("pardoned restarts free the budget, so that a child lives on where it would have been given up") {
    Bench bench(strict(one_for_one({"a"}), 2));
    bench.run();
    bench.crash_and_recover("a");
    bench.crash_and_recover("a");
    CHECK(bench.top().used == 2);
    bench.tree->pardon(bench.id("a"), 2);
    CHECK(bench.top().used == 0);
    CHECK_FALSE(bench.top().resets_at);
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
    CHECK(bench.top().used == 1);
  }

  TEST_CASE("a pardon frees only what that child has used, never what its siblings have") {
    Bench bench(strict(one_for_one({"a", "b"}), 3));
    bench.run();
    bench.crash_and_recover("b");
    bench.crash_and_recover("a");
    bench.crash_and_recover("b");
    bench.tree->pardon(bench.id("a"), 3);
    CHECK(bench.top().used == 2);
    bench.crash_and_recover("a");
    CHECK(bench.dies("a") == Words{"root gives up"});
  }

  TEST_CASE("a pardon of one restart leaves the earlier ones in the budget") {
    Bench bench(strict(one_for_one({"a"}), 2));
    bench.run();
    bench.crash_and_recover("a");
    bench.after(4s);
    bench.crash_and_recover("a");
    bench.tree->pardon(bench.id("a"), 1);
    CHECK(bench.top().used == 1);
    CHECK(bench.top().resets_at == bench.now - 4s + 10s);
  }

  TEST_CASE("a pardon of more restarts than there are gives nothing on credit") {
    Bench bench(strict(one_for_one({"a"}), 2));
    bench.run();
    bench.crash_and_recover("a");
    bench.tree->pardon(bench.id("a"), 100);
    CHECK(bench.top().used == 0);
    bench.crash_and_recover("a");
    bench.crash_and_recover("a");
    CHECK(bench.top().used == 2);
    CHECK(bench.dies("a") == Words{"root gives up"});
  }

  TEST_CASE("a pardon starts the back-off over, only of that child") {
    Bench bench(strict(one_for_one({"a", "b"}), 10));
    bench.root.backoff.min = 1s;
    bench.run();
    for (const std::string name : {"a", "b"}) bench.crash_and_recover(name);
    REQUIRE(bench.status("a").failures_in_a_row == 1);
    bench.tree->pardon(bench.id("a"), 1);
    CHECK(bench.status("a").failures_in_a_row == 0);
    CHECK(bench.status("b").failures_in_a_row == 1);
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
    CHECK(bench.dies("b") == Words{"restarting b"});
    CHECK(bench.status("b").retry_at == bench.now + 1s);
  }

  TEST_CASE("a pardon of no restart still starts the back-off over") {
    Bench bench(strict(one_for_one({"a"}), 10));
    bench.root.backoff.min = 1s;
    bench.run();
    bench.crash_and_recover("a");
    bench.tree->pardon(bench.id("a"), 0);
    CHECK(bench.top().used == 1);
    CHECK(bench.dies("a") == Words{"restarting a", "start a"});
  }

  TEST_CASE("a pardon reaches the child's own supervisor and none above or beside it") {
    Bench bench(one_for_one({strict(one_for_one({"a"}, "left"), 5), strict(one_for_one({"b"}, "right"), 5), "c"}));
    bench.run();
    for (const std::string name : {"a", "b", "c"}) bench.crash_and_recover(name);
    bench.tree->pardon(bench.id("a"), 9);
    CHECK(bench.top().used == 1);
    CHECK(bench.tree->supervisor(1, bench.now).used == 0);
    CHECK(bench.tree->supervisor(2, bench.now).used == 1);
  }

  TEST_CASE("a pardon decides nothing: what waits goes on waiting, and restarts that were counted stay counted") {
    Bench bench(strict(one_for_one({"a"}), 5));
    bench.root.backoff.first = 5s;
    bench.run();
    bench.dies("a");
    const auto retry_at = bench.status("a").retry_at;
    bench.tree->pardon(bench.id("a"), 1);
    CHECK(bench.state("a") == State::Waiting);
    CHECK(bench.status("a").retry_at == retry_at);
    CHECK(bench.after(5s) == Words{"start a"});
    CHECK(bench.status("a").restarts == 1);
    bench.tree->pardon(bench.id("a"), 1);
    CHECK(bench.state("a") == State::Starting);
    CHECK(bench.status("a").restarts == 1);
  }

  TEST_CASE("what was given up stays so, however much is pardoned") {
    Bench bench(strict(one_for_one({"a"}), 0));
    bench.run();
    CHECK(bench.dies("a") == Words{"root gives up"});
    bench.tree->pardon(bench.id("a"), 5);
    CHECK(bench.after(3600s) == Words{});
    CHECK(bench.state("a") == State::Failed);
    CHECK(bench.top().failed);
  }
}

}  // namespace
}  // namespace steady::supervision::test
