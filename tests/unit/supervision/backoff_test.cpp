#include "supervision/backoff.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace steady::supervision {
namespace {

using namespace std::chrono_literals;

config::Backoff plain() {
  return {.first = 0ms, .min = 100ms, .max = 1s, .factor = 2, .jitter = 0, .stable = 60s};
}

TEST_SUITE("supervision/backoff") {
  TEST_CASE("the waits are first, min, then grow by the factor up to the ceiling") {
    Random random(1);
    Backoff backoff(plain());
    for (const auto expected : {0ms, 100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
      CHECK(backoff.next(random) == expected);
    }
    CHECK(backoff.failures_in_a_row() == 7);
  }

  TEST_CASE("jitter spreads each wait around its middle and never above the ceiling") {
    config::Backoff settings = plain();
    settings.first = 500ms;
    settings.jitter = 0.2;
    bool shorter = false;
    bool longer = false;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      CAPTURE(seed);
      Random random(seed);
      Backoff backoff(settings);
      const auto first = backoff.next(random);
      CHECK(first >= 400ms);
      CHECK(first <= 600ms);
      shorter = shorter || first < 450ms;
      longer = longer || first > 550ms;
      for (int failure = 0; failure < 10; ++failure) CHECK(backoff.next(random) <= settings.max);
    }
    CHECK(shorter);
    CHECK(longer);
  }

  TEST_CASE("the same seed gives the same waits") {
    config::Backoff settings = plain();
    settings.jitter = 0.5;
    Random one(42);
    Random other(42);
    Backoff left(settings);
    Backoff right(settings);
    for (int failure = 0; failure < 20; ++failure) CHECK(left.next(one) == right.next(other));
  }

  TEST_CASE("being ready for the stable time starts over at first, anything shorter does not") {
    Random random(1);
    Backoff backoff(plain());
    (void)backoff.next(random);
    (void)backoff.next(random);
    backoff.ran(59s);
    CHECK(backoff.next(random) == 200ms);
    backoff.ran(60s);
    CHECK(backoff.next(random) == 0ms);
  }

  TEST_CASE("ten thousand failures in a row stay at the ceiling, however high it is") {
    config::Backoff settings = plain();
    settings.max = std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::max());
    settings.jitter = 1;
    Random random(3);
    Backoff backoff(settings);
    for (int failure = 0; failure < 10000; ++failure) {
      const auto wait = backoff.next(random);
      CHECK(wait >= 0ns);
      CHECK(wait <= settings.max);
    }
  }

  TEST_CASE("a first wait above the ceiling is cut to it") {
    config::Backoff settings = plain();
    settings.first = 5s;
    Random random(1);
    Backoff backoff(settings);
    CHECK(backoff.next(random) == 1s);
  }
}

}  // namespace
}  // namespace steady::supervision
