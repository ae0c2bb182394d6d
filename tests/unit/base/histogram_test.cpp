#include "base/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace steady {
namespace {

/// The value that `percent` of `values` do not exceed.
std::uint64_t exact_percentile(std::vector<std::uint64_t> values, double percent) {
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

TEST_SUITE("base/histogram") {
  TEST_CASE("buckets lie side by side, and each counts the values between its bounds and no other") {
    for (std::size_t bucket = 0; bucket < kHistogramBuckets; ++bucket) {
      CAPTURE(bucket);
      const std::uint64_t first = histogram_floor(bucket);
      const std::uint64_t last = histogram_floor(bucket + 1) - 1;
      REQUIRE(first <= last);
      CHECK(histogram_bucket(first) == bucket);
      CHECK(histogram_bucket(last) == bucket);
      CHECK(histogram_bucket(first + (last - first) / 2) == bucket);
      CHECK((last - first) * 8 <= first);  // known to within an eighth
    }
    CHECK(histogram_floor(0) == 0);
  }

  TEST_CASE("a value beyond the largest counts as the largest, also in the sums") {
    Histogram histogram;
    for (const std::uint64_t value : {kHistogramLargest, kHistogramLargest + 1, std::numeric_limits<std::uint64_t>::max()})
      histogram.add(value);
    CHECK(histogram.buckets.back() == 3);
    CHECK(histogram.mean() == doctest::Approx(static_cast<double>(kHistogramLargest)));
    CHECK(histogram.deviation() == doctest::Approx(0).epsilon(1e-3));
    CHECK(histogram.max() == static_cast<double>(kHistogramLargest));
  }

  TEST_CASE("an empty histogram says zero to everything") {
    const Histogram empty;
    CHECK(empty.mean() == 0);
    CHECK(empty.deviation() == 0);
    CHECK(empty.min() == 0);
    CHECK(empty.max() == 0);
    CHECK(empty.percentile(50) == 0);
  }

  TEST_CASE("every percentile is right to within an eighth, the mean and the deviation exactly") {
    std::mt19937_64 random(7);
    for (const double spread : {0.1, 1.0, 3.0}) {
      CAPTURE(spread);
      std::lognormal_distribution<double> values(9, spread);
      std::vector<std::uint64_t> all;
      Histogram histogram;
      double sum = 0;
      for (int i = 0; i < 20'000; ++i) {
        all.push_back(static_cast<std::uint64_t>(values(random)));
        histogram.add(all.back());
        sum += static_cast<double>(all.back());
      }
      for (const double percent : {0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
        CAPTURE(percent);
        const auto exact = static_cast<double>(exact_percentile(all, percent));
        CHECK(std::abs(histogram.percentile(percent) - exact) <= exact / 8);
      }
      const double mean = sum / static_cast<double>(all.size());
      double squares = 0;
      for (const std::uint64_t value : all) squares += std::pow(static_cast<double>(value) - mean, 2);
      CHECK(histogram.mean() == doctest::Approx(mean));
      CHECK(histogram.deviation() == doctest::Approx(std::sqrt(squares / static_cast<double>(all.size()))));
      CHECK(histogram.min() <= static_cast<double>(*std::ranges::min_element(all)));
      CHECK(histogram.max() >= static_cast<double>(*std::ranges::max_element(all)));
    }
  }

  TEST_CASE("a sample of weight n is n samples") {
    Histogram weighed;
    Histogram counted;
    for (const auto& [value, weight] : {std::pair{5, 3}, {100, 1}, {4000, 17}, {100, 0}}) {
      weighed.add(static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(weight));
      for (int i = 0; i < weight; ++i) counted.add(static_cast<std::uint64_t>(value));
    }
    CHECK(weighed.count == 21);
    CHECK(weighed.buckets == counted.buckets);
    CHECK(weighed.mean() == doctest::Approx(counted.mean()));
    CHECK(weighed.deviation() == doctest::Approx(counted.deviation()));
    CHECK(weighed.percentile(14) == 5);
  }

  TEST_CASE("since() leaves what came after the earlier copy") {
    Histogram histogram;
    histogram.add(10, 4);
    histogram.add(3000, 2);
    const Histogram before = histogram;
    histogram.add(3000, 1);
    histogram.add(70, 5);
    const Histogram rest = histogram.since(before);
    CHECK(rest.count == 6);
    CHECK(rest.mean() == doctest::Approx((3000 + 5 * 70) / 6.0));
    CHECK(rest.min() <= 70);
    CHECK(histogram.since(histogram).count == 0);
    CHECK(histogram.since(histogram).max() == 0);
  }

  TEST_CASE("a histogram that began anew counts whole") {
    Histogram before;
    before.add(10, 100);
    Histogram histogram;
    histogram.add(20, 3);
    CHECK(histogram.since(before).count == 3);
    CHECK(histogram.since(before).mean() == doctest::Approx(20));
  }
}

}  // namespace steady
