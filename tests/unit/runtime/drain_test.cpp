#include "runtime/drain.hpp"

#include <doctest/doctest.h>

namespace {

using steady::runtime::DrainView;
using steady::runtime::drained_as_far_as_possible;

constexpr bool kRuns = false;
constexpr bool kAtRest = true;

/// A chain of workers 0 -> 1 -> 2 with a channel between neighbours.
DrainView chain(std::vector<bool> at_rest, DrainView::Channel first, DrainView::Channel second) {
  first.producer = 0;
  first.consumer = 1;
  second.producer = 1;
  second.consumer = 2;
  return {std::move(at_rest), {first, second}};
}

DrainView::Channel open_and_empty() { return {}; }
DrainView::Channel closed_and_empty() { return {0, 0, true, true}; }
DrainView::Channel open_and_full() { return {0, 0, false, false}; }

}  // namespace

TEST_SUITE("runtime/drain") {
  TEST_CASE("a drain is over when every worker is at rest") {
    CHECK(drained_as_far_as_possible(chain({kAtRest, kAtRest, kAtRest}, closed_and_empty(), closed_and_empty())));
  }

  TEST_CASE("a worker whose stream has ended is waited for, however empty its channels are") {
    CHECK_FALSE(drained_as_far_as_possible(chain({kAtRest, kRuns, kRuns}, closed_and_empty(), open_and_empty())));
  }

  TEST_CASE("a source that runs is waited for") {
    CHECK_FALSE(drained_as_far_as_possible(chain({kRuns, kRuns, kRuns}, open_and_empty(), open_and_empty())));
  }

  TEST_CASE("workers behind a stopped one are not waited for once their inputs are empty") {
    CHECK(drained_as_far_as_possible(chain({kAtRest, kRuns, kRuns}, open_and_empty(), open_and_empty())));
  }

  TEST_CASE("messages that a running worker can still take are waited for") {
    CHECK_FALSE(drained_as_far_as_possible(chain({kAtRest, kRuns, kRuns}, open_and_empty(), open_and_full())));
  }

  TEST_CASE("messages for a worker that is at rest stay for the next start") {
    CHECK(drained_as_far_as_possible(chain({kAtRest, kRuns, kAtRest}, open_and_empty(), open_and_full())));
  }
}
