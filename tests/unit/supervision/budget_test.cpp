#include "supervision/budget.hpp"

#include <doctest/doctest.h>

namespace steady::supervision {
namespace {

using namespace std::chrono_literals;

TEST_SUITE("supervision/budget") {
  TEST_CASE("one restart more than the intensity within the period is refused") {
    Budget budget(2, 10s);
    CHECK(budget.spend(0s, 0));
    CHECK(budget.spend(1s, 0));
    CHECK_FALSE(budget.spend(2s, 0));
  }

  TEST_CASE("an intensity of nothing refuses the first restart") {
    Budget budget(0, 10s);
    CHECK_FALSE(budget.spend(0s, 0));
  }

  TEST_CASE("the window slides: a restart stops counting after exactly the period, not before") {
    Budget budget(1, 10s);
    CHECK(budget.spend(0s, 0));
    CHECK_FALSE(budget.spend(10s, 0));
    CHECK(budget.spend(10s + 1ns, 0));
    CHECK_FALSE(budget.spend(20s, 0));
  }

  TEST_CASE("a refused restart does not push the others further away") {
    Budget budget(1, 10s);
    CHECK(budget.spend(0s, 0));
    CHECK_FALSE(budget.spend(9s, 0));
    CHECK(budget.spend(11s, 0));
  }

  TEST_CASE("used and resets_at tell what is left and when all of it is back") {
    Budget budget(5, 10s);
    CHECK(budget.used(0s) == 0);
    CHECK_FALSE(budget.resets_at(0s).has_value());
    REQUIRE(budget.spend(1s, 0));
    REQUIRE(budget.spend(3s, 0));
    CHECK(budget.used(3s) == 2);
    CHECK(budget.used(12s) == 1);
    CHECK(budget.resets_at(3s) == 13s);
    CHECK(budget.used(14s) == 0);
    CHECK_FALSE(budget.resets_at(14s).has_value());
  }

  TEST_CASE("clearing gives the whole budget back") {
    Budget budget(1, 10s);
    REQUIRE(budget.spend(1s, 0));
    budget.clear();
    CHECK(budget.used(1s) == 0);
    CHECK(budget.spend(1s, 0));
  }

  TEST_CASE("a refund takes back the latest restarts of that child, and none of its siblings") {
    Budget budget(4, 10s);
    REQUIRE(budget.spend(1s, 0));
    REQUIRE(budget.spend(2s, 1));
    REQUIRE(budget.spend(3s, 0));
    REQUIRE(budget.spend(4s, 1));
    budget.refund(0, 1);
    CHECK(budget.used(4s) == 3);
    CHECK(budget.used(12s + 1ns) == 1);  // that of 3s is gone, those of 1s and 2s are too old
    CHECK(budget.resets_at(4s) == 14s);
    budget.refund(1, 1);
    CHECK(budget.used(4s) == 2);
    CHECK(budget.resets_at(4s) == 12s);
  }

  TEST_CASE("a refund of more restarts than there are takes back those that there are") {
    Budget budget(3, 10s);
    budget.refund(0, 5);
    CHECK(budget.used(0s) == 0);
    REQUIRE(budget.spend(1s, 0));
    REQUIRE(budget.spend(1s, 1));
    budget.refund(0, 1000);
    CHECK(budget.used(1s) == 1);
    budget.refund(0, 1);
    CHECK(budget.used(1s) == 1);
    budget.refund(1, 0);
    CHECK(budget.used(1s) == 1);
  }

  TEST_CASE("what is refunded can be spent again, and no more than that") {
    Budget budget(2, 10s);
    REQUIRE(budget.spend(0s, 0));
    REQUIRE(budget.spend(0s, 0));
    REQUIRE_FALSE(budget.spend(0s, 0));
    budget.refund(0, 1);
    CHECK(budget.spend(1s, 0));
    CHECK_FALSE(budget.spend(1s, 0));
  }
}

}  // namespace
}  // namespace steady::supervision
