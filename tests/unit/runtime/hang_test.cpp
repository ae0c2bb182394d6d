// The watchdog's clock in virtual time. The last case draws whole lives of an actor; a failure prints its seed.
#include "runtime/hang.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace steady::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds kGap = 1s;

/// An actor as it is seen: calls begin and return, time passes with or without a core.
struct Seen {
  HangClock clock{kGap};
  Look now{};

  void begins() { ++now.begun; }
  void returns() { ++now.returned; }
  nanoseconds after(nanoseconds time, nanoseconds queued = 0s) {
    now.now += time;
    now.queued += queued;
    return clock.look(now);
  }
};

}  // namespace

TEST_SUITE("runtime/hang") {
  TEST_CASE("a wait for a core that lasts longer than the watchdog does not count, although the kernel tells it only afterwards") {
    HangClock clock{kGap};
    constexpr std::chrono::milliseconds kFrame(20);
    std::chrono::nanoseconds now{};
    for (int look = 0; look < 100; ++look, now += kFrame)  // ready all the time, and never on a core
      CHECK(clock.look({1, 0, now, {}, true, std::chrono::milliseconds(5)}) == std::chrono::nanoseconds(0));
    // It gets one: now the whole wait is told.
    CHECK(clock.look({1, 0, now, now, true, std::chrono::milliseconds(6)}) == std::chrono::nanoseconds(0));
    CHECK(clock.look({1, 0, now + kFrame, now, true, std::chrono::milliseconds(26)}) == kFrame);
  }

  TEST_CASE("a call that does not return lasts as long as it was seen in") {
    Seen seen;
    seen.begins();
    CHECK(seen.after(0s) == 0s);
    CHECK(seen.after(400ms) == 400ms);
    CHECK(seen.after(300ms) == 700ms);
    CHECK(seen.after(1s) == 1700ms);
  }

  TEST_CASE("what lies before the first look at a call does not count") {
    Seen seen;
    CHECK(seen.after(500ms) == 0s);
    seen.begins();
    CHECK(seen.after(900ms) == 0s);
    CHECK(seen.after(100ms) == 100ms);
  }

  TEST_CASE("waiting is no hang, however long it takes") {
    Seen seen;
    seen.begins();
    seen.returns();
    for (int look = 0; look < 1000; ++look) CHECK(seen.after(900ms) == 0s);
  }

  TEST_CASE("calls that return and begin again never add up, even when every look finds one") {
    Seen seen;
    seen.begins();
    for (int look = 0; look < 1000; ++look) {
      CHECK(seen.after(900ms) == 0s);
      seen.returns();
      seen.begins();
    }
  }

  TEST_CASE("a call that returns ends what was counted, and the next one begins at nothing") {
    Seen seen;
    seen.begins();
    seen.after(0s);
    CHECK(seen.after(900ms) == 900ms);
    seen.returns();
    CHECK(seen.after(900ms) == 0s);
    seen.begins();
    CHECK(seen.after(900ms) == 0s);
    CHECK(seen.after(200ms) == 200ms);
  }

  TEST_CASE("time without a core does not count") {
    Seen seen;
    seen.begins();
    seen.after(0s);
    CHECK(seen.after(900ms, 900ms) == 0s);
    CHECK(seen.after(900ms, 600ms) == 300ms);
    CHECK(seen.after(100ms) == 400ms);
  }

  TEST_CASE("more time without a core than has passed takes back nothing that was counted") {
    Seen seen;
    seen.begins();
    seen.after(0s);
    CHECK(seen.after(500ms) == 500ms);
    CHECK(seen.after(100ms, 10s) == 500ms);
  }

  TEST_CASE("queued time that goes backwards counts as none") {
    Seen seen;
    seen.begins();
    seen.after(0s, 10s);
    CHECK(seen.after(300ms, -10s) == 300ms);
    CHECK(seen.after(300ms, 100ms) == 500ms);
  }

  TEST_CASE("a time that goes backwards takes back nothing") {
    Seen seen;
    seen.begins();
    seen.after(1s);
    CHECK(seen.after(500ms) == 500ms);
    CHECK(seen.after(-400ms) == 500ms);
    CHECK(seen.after(100ms) == 600ms);
  }

  TEST_CASE("a long time without a look counts only as the longest gap") {
    Seen seen;
    seen.begins();
    seen.after(0s);
    CHECK(seen.after(1h) == kGap);
    CHECK(seen.after(1h) == 2 * kGap);
    CHECK(seen.after(100ms) == 2 * kGap + 100ms);
  }

  TEST_CASE("another process begins at nothing, even when its call has the number of the last") {
    Seen seen;
    seen.begins();
    seen.after(0s);
    CHECK(seen.after(900ms) == 900ms);
    seen.clock.reset();
    CHECK(seen.after(900ms) == 0s);
    CHECK(seen.after(1h) == kGap);  // the gap is still the same
  }

  TEST_CASE("in ten thousand random lives a call never lasts longer than it had a core and was looked at") {
    for (std::uint32_t seed = 1; seed <= 10000; ++seed) {
      std::mt19937 dice(seed);
      const auto below = [&](std::int64_t bound) {
        return static_cast<std::int64_t>(dice() % static_cast<std::uint64_t>(bound));
      };
      Seen seen;
      bool in_call = false;
      bool same_since_look = false;  // the call at hand was seen at the last look
      nanoseconds expected{};
      nanoseconds ran_since_look{};
      nanoseconds had_core{};  // of the call at hand, in all
      nanoseconds since_look{};
      for (int step = 0; step < 60; ++step) {
        const auto what = below(10);
        if (what < 3) {
          ++(in_call ? seen.now.returned : seen.now.begun);
          in_call = !in_call;
          same_since_look = false;
          had_core = {};
        } else if (what < 7) {
          const nanoseconds time(below(100) == 0 ? below(10'000'000'000) : below(300'000'000));
          const nanoseconds queued(below(2) == 0 ? 0 : below(time.count() + 1));
          seen.now.now += time;
          seen.now.queued += queued;
          since_look += time;
          ran_since_look += time - queued;
          if (in_call) had_core += time - queued;
        } else {
          const nanoseconds queued = since_look - ran_since_look;
          expected = same_since_look ? expected + std::max(std::min(since_look, kGap) - queued, nanoseconds(0))
                                     : nanoseconds(0);
          const nanoseconds found = seen.clock.look(seen.now);
          REQUIRE_MESSAGE(found == expected, "seed " << seed << ", step " << step);
          REQUIRE_MESSAGE(found <= had_core, "seed " << seed << ", step " << step);
          REQUIRE_MESSAGE((in_call || found == 0s), "seed " << seed << ", step " << step);
          same_since_look = in_call;
          since_look = ran_since_look = {};
        }
      }
    }
  }
}

}  // namespace steady::runtime
