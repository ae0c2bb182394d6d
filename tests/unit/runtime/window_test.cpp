#include "runtime/window.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace steady::runtime {
namespace {

using config::Aggregate;
using namespace std::chrono_literals;

Aggregate percentile(double percent) { return {Aggregate::Kind::Percentile, percent}; }

}  // namespace

TEST_SUITE("runtime/window") {
  TEST_CASE("an empty window has nothing to say") {
    const SampleWindow window;
    CHECK(window.statistic().count == 0);
    CHECK_FALSE(window.aggregate({}));
    CHECK(window.recent_mean(10) == 0);
  }

  TEST_CASE("a window's statistics are those of its samples") {
    SampleWindow window;
    for (int i = 1; i <= 10; ++i) window.add(i);
    const auto all = window.statistic();
    CHECK(all.count == 10);
    CHECK(all.now == 10);
    CHECK(all.mean == doctest::Approx(5.5));
    CHECK(all.min == 1);
    CHECK(all.max == 10);
    CHECK(all.deviation == doctest::Approx(2.8723));
    CHECK(all.p50 == 5);
    CHECK(all.p90 == 9);
    CHECK(all.p99 == 10);
    CHECK(window.aggregate({}) == 10);
    CHECK(window.aggregate({Aggregate::Kind::Mean, 0}) == doctest::Approx(5.5));
    CHECK(window.aggregate(percentile(0)) == 1);
    CHECK(window.aggregate(percentile(90)) == 9);
    CHECK(window.recent_mean(4) == doctest::Approx(8.5));
  }

  TEST_CASE("a window forgets all but the last hundred samples") {
    SampleWindow window;
    for (int i = 0; i < 1000; ++i) window.add(i);
    CHECK(window.statistic().count == 100);
    CHECK(window.statistic().min == 900);
    CHECK(window.statistic().now == 999);
  }

  TEST_CASE("a histogram's recent part is that of the last five to ten seconds") {
    HistogramWindow window;
    Histogram total;
    total.add(1000, 50);
    window.update(total, 0s);
    CHECK(window.recent(total).count == 0);  // counted before anyone looked
    for (int second = 1; second <= 60; ++second) {
      total.add(100, 7);
      window.update(total, std::chrono::seconds(second));
      CHECK(window.recent(total).count <= 10 * 7);
      if (second >= 5) CHECK(window.recent(total).count >= 5 * 7);
    }
    for (int second = 61; second <= 71; ++second) window.update(total, std::chrono::seconds(second));
    CHECK(window.recent(total).count == 0);
  }

  TEST_CASE("a histogram that began anew is shown from its beginning") {
    HistogramWindow window;
    Histogram total;
    total.add(10, 100);
    window.update(total, 0s);
    Histogram fresh;
    fresh.add(10, 3);
    CHECK(window.recent(fresh).count == 3);
  }

  TEST_CASE("a histogram in which nothing is recorded is left alone once nothing recent is left") {
    HistogramTrack track;
    Histogram total;
    int copies = 0;
    auto now = 0s;
    const auto look = [&] {
      track.look(total.count, now, [&] {
        ++copies;
        return total;
      });
      now += 1s;
    };
    for (int i = 0; i < 100; ++i) look();
    CHECK(copies == 0);
    total.add(2000, 5);
    look();
    CHECK(track.recent().count == 5);
    CHECK(track.all().count == 5);
    for (int i = 0; i < 100; ++i) look();
    CHECK(track.recent().count == 0);
    CHECK(track.all().count == 5);
    CHECK(copies <= 11);
    total.add(2000, 1);
    look();
    CHECK(track.recent().count == 1);
  }

  TEST_CASE("what a histogram had counted before the first look is not recent") {
    HistogramTrack track;
    Histogram total;
    total.add(2000, 5);
    track.look(total.count, 0s, [&] { return total; });
    CHECK(track.recent().count == 0);
    CHECK(track.all().count == 5);
  }

  TEST_CASE("what is exported counts every event once, below the bounds that it is below") {
    Histogram histogram;
    histogram.add(500, 2);                          // below 1.024 us
    histogram.add(1024, 3);                         // not below it
    histogram.add(std::uint64_t{1} << 39, 4);       // above every bound
    const auto shown = distribution_of(histogram);
    CHECK(shown.count == 9);
    CHECK(shown.below.front() == 2);
    CHECK(shown.below[1] == 5);
    CHECK(shown.below.back() == 5);
    CHECK(shown.sum_seconds == doctest::Approx(histogram.sum / 1e9));
  }

  TEST_CASE("a statistic of nothing is empty, and one of durations is in seconds") {
    CHECK(statistic_of({}, 1e-9).count == 0);
    CHECK_FALSE(aggregate_of({}, {}, 1e-9));
    Histogram histogram;
    histogram.add(1'000'000, 4);
    CHECK(statistic_of(histogram, 1e-9).mean == doctest::Approx(0.001));
    CHECK(*aggregate_of(histogram, percentile(99), 1e-9) == doctest::Approx(0.001).epsilon(0.125));
  }
}

}  // namespace steady::runtime
