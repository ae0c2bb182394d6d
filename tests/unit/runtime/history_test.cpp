#include "runtime/history.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace steady::runtime {

TEST_SUITE("runtime/history") {
  TEST_CASE("a fresh history is empty at both resolutions") {
    const History history;
    CHECK(history.fine().size() == History::kPoints);
    CHECK(history.coarse().size() == History::kPoints);
    CHECK(std::isnan(history.fine().back()));
    CHECK(std::isnan(history.coarse().back()));
  }

  TEST_CASE("the latest second stands last") {
    History history;
    for (int i = 0; i < 500; ++i) history.add(i);
    const auto fine = history.fine();
    CHECK(fine.back() == 499);
    CHECK(fine.front() == 320);
  }

  TEST_CASE("an hour is kept as means of twenty seconds, the last of those that have passed") {
    History history;
    for (int i = 0; i < 3600; ++i) history.add(i / 20);
    CHECK(history.coarse().front() == 0);
    CHECK(history.coarse().back() == 179);
    history.add(1000);
    CHECK(history.coarse().size() == History::kPoints);
    CHECK(history.coarse().back() == 1000);
    CHECK(history.coarse().front() == 1);
  }

  TEST_CASE("a second without a measurement is a gap, and does not count in the mean") {
    History history;
    for (int i = 0; i < 20; ++i) history.add(i % 2 == 0 ? 4 : NAN);
    CHECK(std::isnan(history.fine().back()));
    CHECK(history.coarse().back() == 4);
  }
}

}  // namespace steady::runtime
