// The plugins that are too small for a file of their own: proc, ticker, console, null.
#include <doctest/doctest.h>

#include <chrono>
#include <steady/testing.hpp>
#include <string>
#include <vector>

#include "console/console.hpp"
#include "null/null.hpp"
#include "proc/host.hpp"
#include "ticker/ticker.hpp"

using namespace std::chrono_literals;
using steady::console::Console;
using steady::null::Null;
using steady::proc::Host;
using steady::proc::HostSample;
using steady::testing::Harness;
using steady::ticker::Tick;
using steady::ticker::Ticker;

TEST_SUITE("plugins/proc") {
  TEST_CASE("files without what is looked for are refused") {
    CHECK_THROWS(static_cast<void>(steady::proc::read_cpu_times("")));
    CHECK_THROWS(static_cast<void>(steady::proc::read_cpu_times("cpu  1 2 3")));
    CHECK_THROWS(static_cast<void>(steady::proc::read_load("0.5 x")));
    CHECK_THROWS(static_cast<void>(steady::proc::read_memory("MemTotal: 5 kB\n")));
  }

  TEST_CASE("waiting for a disk counts as idle, and a clock that stands still as 0 percent") {
    const auto before = steady::proc::read_cpu_times("cpu  10 0 10 100 50 0 0 0 0 0\ncpu0 1 1 1 1 1 1 1 1\n");
    const auto after = steady::proc::read_cpu_times("cpu  20 0 20 150 80 0 0 0 0 0\n");
    CHECK(steady::proc::busy_percent(before, after) == doctest::Approx(20));
    CHECK(steady::proc::busy_percent(after, after) == 0);
    CHECK(steady::proc::busy_percent(after, before) == 0);
  }

  TEST_CASE("memory is found by the beginning of its line") {
    const auto memory = steady::proc::read_memory("xMemTotal: 1 kB\nMemTotal:     2048 kB\nMemAvailable:   1024 kB\n");
    CHECK(memory.total_bytes == 2048 * 1024);
    CHECK(memory.available_bytes == 1024 * 1024);
  }

  TEST_CASE("this machine is sampled once per interval") {
    Harness<Host> harness{{"interval", "5s"}};
    CHECK(harness.run() == 0);
    harness.advance(5s);
    harness.run();
    const auto samples = harness.take<HostSample>("samples");
    REQUIRE(samples.size() == 1);
    CHECK(samples[0].memory_total_bytes >= samples[0].memory_available_bytes);
    CHECK(samples[0].memory_available_bytes > 0);
    CHECK(samples[0].cpu_percent >= 0);
    CHECK(samples[0].cpu_percent <= 100);
  }
}

TEST_SUITE("plugins/ticker") {
  TEST_CASE("a kill neither repeats nor leaves out a number") {
    Harness<Ticker> harness{{"interval", "1s"}, {"limit", "5"}};
    std::vector<std::uint64_t> numbers;
    for (int i = 0; i < 20; ++i) {
      if (i % 3 == 0) harness.step_and_crash();
      harness.start();
      harness.advance(1s);
      harness.run();
      for (const Tick& tick : harness.take<Tick>("ticks")) numbers.push_back(tick.number);
    }
    CHECK(numbers == std::vector<std::uint64_t>{0, 1, 2, 3, 4});
    CHECK(harness.ended());
  }
}

TEST_SUITE("plugins/console") {
  TEST_CASE("items above the limit are taken and counted") {
    Harness<Console> harness{{"limit_per_second", "0"}};
    harness.feed("items", Tick{1, 0.5});
    harness.run();
    CHECK(harness.waiting("items") == 0);
    Harness<Console> limited{{"limit_per_second", "1"}};
    for (const auto text : {"shown", "not shown", "not shown either"}) limited.feed("items", std::string(text));
    limited.run();
    CHECK(limited.counter("skipped") == 2);
    limited.advance(1s);
    limited.feed("items", std::string("shown again"));
    limited.run();
    CHECK(limited.counter("skipped") == 2);
  }
}

TEST_SUITE("plugins/null") {
  TEST_CASE("every item of every lane is counted once, kills or not") {
    Harness<Null> harness;
    harness.connect("items", 3);
    for (int i = 0; i < 10; ++i) {
      harness.feed("items", std::string("frame"), 0);
      harness.feed("items", Tick{}, 1);
    }
    harness.run_crashing();
    CHECK(harness.counter("items") == 20);
  }
}
