#include "runtime/drain.hpp"

#include <doctest/doctest.h>

namespace {

using steady::runtime::DrainView;
using steady::runtime::drained_as_far_as_possible;
using steady::runtime::who_would_not_finish;

using Lines = std::vector<std::string>;

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

/// The chain with names: workers a, b and c, channels a.out and b.out. Nobody is in its own code.
DrainView named(DrainView view) {
  view.names = {"a", "b", "c"};
  view.in_call = {false, false, false};
  view.channels[0].name = "a.out";
  view.channels[1].name = "b.out";
  return view;
}

DrainView::Channel closed_and_full() { return {0, 0, true, false}; }

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

  TEST_CASE("what a running worker has before it is waited for, even when its stream will never be closed") {
    CHECK_FALSE(drained_as_far_as_possible(chain({kAtRest, kRuns, kAtRest}, open_and_full(), open_and_empty())));
  }

  TEST_CASE("a step that does not return is named before anything else that is wrong with its worker") {
    DrainView view = named(chain({kAtRest, kRuns, kAtRest}, open_and_full(), open_and_full()));
    view.in_call[1] = true;
    CHECK(who_would_not_finish(view) == Lines{"b is in a step that does not return"});
  }

  TEST_CASE("messages that a worker does not take are named by their channel, also of a closed one") {
    for (const auto& first : {open_and_full(), closed_and_full()})
      CHECK(who_would_not_finish(named(chain({kAtRest, kRuns, kAtRest}, first, open_and_full()))) ==
            Lines{"b has messages of a.out before it"});
  }

  TEST_CASE("a worker that waits for the end of a stream is told who owes it, and whether that one is down") {
    CHECK(who_would_not_finish(named(chain({kAtRest, kRuns, kAtRest}, open_and_empty(), open_and_empty()))) ==
          Lines{"b waits for the end of a.out, and a is down"});
    CHECK(who_would_not_finish(named(chain({kAtRest, kRuns, kRuns}, closed_and_empty(), open_and_empty()))) ==
          Lines{"b does not come to its end", "c waits for the end of b.out, and b has not finished"});
  }

  TEST_CASE("an output that nobody empties is what a worker may wait for once its inputs are over") {
    CHECK(who_would_not_finish(named(chain({kAtRest, kRuns, kAtRest}, closed_and_empty(), open_and_full()))) ==
          Lines{"b may wait for room on b.out, which c does not empty"});
    CHECK(who_would_not_finish(named(chain({kRuns, kAtRest, kAtRest}, open_and_full(), open_and_empty()))) ==
          Lines{"a may wait for room on a.out, which b does not empty"});
  }

  TEST_CASE("a worker that nothing keeps is said not to come to its end") {
    CHECK(who_would_not_finish(named(chain({kRuns, kAtRest, kAtRest}, open_and_empty(), open_and_empty()))) ==
          Lines{"a does not come to its end"});
  }

  TEST_CASE("workers at rest are never in the way") {
    CHECK(who_would_not_finish(named(chain({kAtRest, kAtRest, kAtRest}, open_and_full(), open_and_full()))).empty());
  }
}
