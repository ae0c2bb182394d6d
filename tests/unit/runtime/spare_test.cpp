#include "runtime/spare.hpp"

#include <doctest/doctest.h>

namespace steady::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using Deed = Spare::Deed;
using Need = Spare::Need;
using State = Spare::State;

constexpr nanoseconds kLimit = 10s;

/// Lets time pass until the next spare starts; returns when that was.
nanoseconds start_next(Spare& spare, nanoseconds now) {
  REQUIRE(spare.next(Need::Have, now) == Deed::Nothing);
  const auto due = spare.due();
  REQUIRE(due);
  REQUIRE(spare.next(Need::Have, *due - 1ns) == Deed::Nothing);
  REQUIRE(spare.next(Need::Have, *due) == Deed::Start);
  REQUIRE(spare.state() == State::Starting);
  return *due;
}

Spare ready_spare() {
  Spare spare(kLimit);
  spare.prepared(start_next(spare, 0s));
  REQUIRE(spare.state() == State::Ready);
  return spare;
}

}  // namespace

TEST_SUITE("runtime/spare") {
  TEST_CASE("a worker that runs gets a spare, once it had a moment to itself") {
    Spare spare(kLimit);
    CHECK(spare.next(Need::Keep, 1s) == Deed::Nothing);
    CHECK_FALSE(spare.due());
    const nanoseconds started = start_next(spare, 2s);
    CHECK(started > 2s);
    CHECK(spare.next(Need::Have, started) == Deed::Nothing);
    spare.prepared(started + 1ms);
    CHECK(spare.state() == State::Ready);
    CHECK_FALSE(spare.due());
  }

  TEST_CASE("only one that is ready takes over, and only once") {
    Spare spare(kLimit);
    CHECK_FALSE(spare.take());
    spare.prepared(start_next(spare, 0s));
    CHECK(spare.take());
    CHECK_FALSE(spare.take());
    Spare slow(kLimit);
    start_next(slow, 0s);
    CHECK_FALSE(slow.take());
    CHECK(slow.state() == State::Starting);
  }

  TEST_CASE("after a takeover the next one starts when the worker runs again, not before") {
    Spare spare = ready_spare();
    REQUIRE(spare.take());
    CHECK(spare.next(Need::Keep, 10s) == Deed::Nothing);
    CHECK_FALSE(spare.due());
    CHECK(start_next(spare, 11s) > 11s);
  }

  TEST_CASE("it stays while its worker is down for a while") {
    Spare spare = ready_spare();
    CHECK(spare.next(Need::Keep, 1h) == Deed::Nothing);
    CHECK(spare.take());
  }

  TEST_CASE("it ends with its worker's need, in whatever state") {
    Spare none(kLimit);
    CHECK(none.next(Need::None, 0s) == Deed::Nothing);
    Spare starting(kLimit);
    start_next(starting, 0s);
    CHECK(starting.next(Need::None, 1s) == Deed::End);
    CHECK(starting.next(Need::None, 1s) == Deed::Nothing);
    Spare ready = ready_spare();
    CHECK(ready.next(Need::None, 1s) == Deed::End);
    CHECK_FALSE(ready.take());
  }

  TEST_CASE("one that dies is followed by another, after a delay that doubles up to a limit") {
    Spare spare(kLimit);
    nanoseconds now = start_next(spare, 0s);
    nanoseconds last(0);
    for (int death = 0; death < 20; ++death) {
      spare.died(now);
      CHECK(spare.delay() >= last);
      CHECK(spare.delay() <= 30s);
      CHECK((death < 3) == (spare.delay() < 500ms));
      last = spare.delay();
      const nanoseconds started = start_next(spare, now);
      CHECK(started == now + spare.delay());
      now = started;
    }
    CHECK(last == 30s);
  }

  TEST_CASE("one that stood for long, or took over, was sound: the delay begins anew") {
    Spare spare = ready_spare();
    spare.died(1s);
    const nanoseconds second = start_next(spare, 1s);
    spare.died(second);
    const nanoseconds grown = spare.delay();
    spare.prepared(start_next(spare, second));
    spare.died(1h);
    CHECK(spare.delay() < grown);
    spare.prepared(start_next(spare, 1h));
    REQUIRE(spare.take());
    CHECK(spare.delay() == 0s);
  }

  TEST_CASE("one that is not ready in time is ended and counts as dead") {
    Spare spare(kLimit);
    const nanoseconds started = start_next(spare, 0s);
    CHECK(spare.due() == started + kLimit);
    CHECK(spare.next(Need::Keep, started + kLimit - 1ns) == Deed::Nothing);
    CHECK(spare.next(Need::Keep, started + kLimit) == Deed::End);
    CHECK(spare.state() == State::None);
    CHECK(spare.delay() > 0s);
  }

  TEST_CASE("one that no longer fits is followed by another without delay") {
    Spare spare = ready_spare();
    REQUIRE(spare.next(Need::Have, 1s) == Deed::Nothing);
    spare.misfits();
    CHECK_FALSE(spare.take());
    CHECK(spare.next(Need::Have, 1s) == Deed::Start);
  }

  TEST_CASE("what comes too late changes nothing") {
    Spare spare(kLimit);
    spare.prepared(1s);
    CHECK(spare.state() == State::None);
  }
}

}  // namespace steady::runtime
