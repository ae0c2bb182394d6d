#include "observe/exposition.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using steady::observe::write_exposition;

namespace {

ClientMetric gauge(double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  return metric;
}

/// The lines after HELP and TYPE of a family "x" with these series.
std::string series(MetricType type, std::vector<ClientMetric> metrics) {
  const std::string text = write_exposition({MetricFamily{"x", "Help.", type, std::move(metrics)}});
  return text.substr(text.find('\n', text.find("# TYPE")) + 1);
}
std::string number(double value) { return series(MetricType::Gauge, {gauge(value)}); }

ClientMetric histogram(std::vector<std::pair<double, std::uint64_t>> buckets, std::uint64_t count, double sum) {
  ClientMetric metric;
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = sum;
  for (const auto& [bound, below] : buckets) metric.histogram.bucket.push_back({below, bound});
  return metric;
}

}  // namespace

TEST_SUITE("observe/exposition") {
  TEST_CASE("label values with quotes, backslashes and line breaks stay one line") {
    CHECK(series(MetricType::Gauge, {gauge(1, {{"a", "\"\\\n"}, {"b", "é"}})}) == "x{a=\"\\\"\\\\\\n\",b=\"é\"} 1\n");
  }

  TEST_CASE("numbers read back as the same numbers, whole ones without an exponent") {
    CHECK(number(1e6) == "x 1000000\n");
    CHECK(number(-3) == "x -3\n");
    CHECK(number(0.1) == "x 0.1\n");
    CHECK(number(1.0 / 3) == "x 0.3333333333333333\n");
    for (const double value : {1e15, 1e300, 2.5e-308, 123456789.123456789, 9007199254740993.0})
      CHECK(std::stod(number(value).substr(2)) == value);
  }

  TEST_CASE("what is no finite number has Prometheus' own word") {
    CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "x NaN\n");
    CHECK(number(std::numeric_limits<double>::infinity()) == "x +Inf\n");
    CHECK(number(-std::numeric_limits<double>::infinity()) == "x -Inf\n");
  }

  TEST_CASE("a family has its help and type once, before all of its series") {
    ClientMetric counter;
    counter.counter.value = 2;
    CHECK(write_exposition({MetricFamily{"x_total", "Help.", MetricType::Counter, {counter, counter}}}) ==
          "# HELP x_total Help.\n# TYPE x_total counter\nx_total 2\nx_total 2\n");
    CHECK(write_exposition({}) == "");
  }

  TEST_CASE("a histogram has its count, its sum and every bucket, the last of them without a bound") {
    auto metric = histogram({{0.25, 3}, {1, 4}}, 5, 2.5);
    metric.label = {{"a", "b"}};
    CHECK(series(MetricType::Histogram, {metric}) == "x_count{a=\"b\"} 5\nx_sum{a=\"b\"} 2.5\n"
                                                     "x_bucket{a=\"b\",le=\"0.25\"} 3\nx_bucket{a=\"b\",le=\"1\"} 4\n"
                                                     "x_bucket{a=\"b\",le=\"+Inf\"} 5\n");
  }

  TEST_CASE("a bucket without a bound that is given is not written twice") {
    const double endless = std::numeric_limits<double>::infinity();
    CHECK(series(MetricType::Histogram, {histogram({{endless, 5}}, 5, 1)}) ==
          "x_count 5\nx_sum 1\nx_bucket{le=\"+Inf\"} 5\n");
    CHECK(series(MetricType::Histogram, {histogram({}, 0, 0)}) == "x_count 0\nx_sum 0\nx_bucket{le=\"+Inf\"} 0\n");
  }
}
