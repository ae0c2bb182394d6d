#include "ipc/histogram.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace steady::ipc {

TEST_SUITE("ipc/histogram") {
  TEST_CASE("a copy of the words is what adding the same samples gives") {
    HistogramWords words{};
    Histogram expected;
    for (std::uint64_t i = 0; i < 50; ++i) {
      const std::uint64_t value = std::uint64_t{1} << i;  // the last ones are beyond the largest
      record(words, value, i);
      expected.add(value, i);
    }
    const Histogram seen = copy(words);
    CHECK(seen.count == expected.count);
    CHECK(words.count.load() == expected.count);
    CHECK(seen.sum == expected.sum);
    CHECK(seen.sum_of_squares == expected.sum_of_squares);
    CHECK(seen.buckets == expected.buckets);
  }

  TEST_CASE("whatever is recorded changes what is cheap to look at") {
    HistogramWords words{};
    for (std::uint64_t weight = 1; weight < 20; ++weight) {
      const std::uint64_t before = recorded(words);
      record(words, 0, weight);
      CHECK(recorded(words) != before);
    }
  }

  TEST_CASE("no spoiled word makes the copy contradict itself") {
    using Limits = std::numeric_limits<double>;
    for (const double wild : {Limits::quiet_NaN(), Limits::infinity(), -1.0, 1e300}) {
      CAPTURE(wild);
      HistogramWords words{};
      record(words, 1000, 10);
      words.count.store(std::numeric_limits<std::uint64_t>::max());
      words.sum.store(std::bit_cast<std::uint64_t>(wild));
      words.sum_of_squares.store(std::bit_cast<std::uint64_t>(wild));
      const Histogram seen = copy(words);
      CHECK(seen.count == 10);
      CHECK(seen.mean() >= 0);
      CHECK(seen.mean() <= static_cast<double>(kHistogramLargest));
      CHECK(std::isfinite(seen.deviation()));
      CHECK(seen.percentile(50) == doctest::Approx(1000).epsilon(0.125));
    }
  }
}

}  // namespace steady::ipc
