#include "ipc/bell.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "support/ipc_bench.hpp"

namespace steady::ipc {

using namespace std::chrono_literals;

TEST_SUITE("ipc/bell") {
  TEST_CASE("a ring before the wait is not lost") {
    test::IpcBench bench;
    REQUIRE(bench.segments.ensure_bell("x"));
    const Bell sleeper = bench.bell("x");
    const std::uint32_t seen = sleeper.count();
    bench.bell("x").ring();
    sleeper.wait(seen, std::nullopt);  // would never return
    CHECK(sleeper.count() == seen + 1);
  }

  TEST_CASE("a wait with a limit ends without a ring") {
    test::IpcBench bench;
    REQUIRE(bench.segments.ensure_bell("x"));
    const Bell bell = bench.bell("x");
    bell.wait(bell.count(), 1ms);
    bell.wait(bell.count(), 0ns);
    CHECK(bell.count() == 0);
  }

  TEST_CASE("a ring wakes a sleeper that maps the same file elsewhere") {
    test::IpcBench bench;
    REQUIRE(bench.segments.ensure_bell("x"));
    const Bell ringer = bench.bell("x");
    for (int round = 0; round < 200; ++round) {
      std::atomic<bool> ready{false};
      std::thread sleeper([&] {
        const Bell bell = bench.bell("x");
        const std::uint32_t seen = bell.count();
        ready.store(true);
        while (bell.count() == seen) bell.wait(seen, std::nullopt);
      });
      while (!ready.load()) std::this_thread::yield();
      ringer.ring();
      sleeper.join();
    }
  }

  TEST_CASE("the count may wrap around") {
    test::IpcBench bench;
    REQUIRE(bench.segments.ensure_bell("x"));
    bench.spoil<BellPage>(bench.segments.bell_path("x"), [](BellPage& page) { page.rings.store(0xffffffff); });
    const Bell bell = bench.bell("x");
    const std::uint32_t seen = bell.count();
    bell.ring();
    CHECK(bell.count() == 0);
    bell.wait(seen, std::nullopt);
  }
}

}  // namespace steady::ipc
