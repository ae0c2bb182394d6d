#include "observe/otlp.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "observe/metrics.hpp"
#include "observe/snapshot.hpp"

namespace steady::observe {
namespace {

using nlohmann::json;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr int kCumulative = 2;  ///< AGGREGATION_TEMPORALITY_CUMULATIVE

json attribute(const std::string& key, const std::string& value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

/// 64-bit integers are strings in the JSON of protocol buffers.
std::string whole(std::uint64_t value) {
  return std::to_string(value);
}

json data_point(const ClientMetric& metric, const std::string& time) {
  json attributes = json::array();
  for (const auto& label : metric.label) attributes.push_back(attribute(label.name, label.value));
  return {{"attributes", attributes}, {"timeUnixNano", time}};
}

json number_points(const MetricFamily& family, const std::string& time) {
  json points = json::array();
  for (const ClientMetric& metric : family.metric) {
    const double value = family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value;
    if (!std::isfinite(value)) continue;
    json point = data_point(metric, time);
    point["asDouble"] = value;
    points.push_back(std::move(point));
  }
  return points;
}

/// Prometheus counts what is below each bound; OTLP what is between two, and after the last one.
json histogram_point(const ClientMetric& metric, const std::string& time) {
  json point = data_point(metric, time);
  json counts = json::array();
  json bounds = json::array();
  std::uint64_t below = 0;
  for (const auto& bucket : metric.histogram.bucket) {
    if (!std::isfinite(bucket.upper_bound)) continue;
    counts.push_back(whole(bucket.cumulative_count - below));
    bounds.push_back(bucket.upper_bound);
    below = bucket.cumulative_count;
  }
  counts.push_back(whole(metric.histogram.sample_count - below));
  point["count"] = whole(metric.histogram.sample_count);
  point["sum"] = metric.histogram.sample_sum;
  point["bucketCounts"] = std::move(counts);
  point["explicitBounds"] = std::move(bounds);
  return point;
}

}  // namespace

json otlp_metric(const MetricFamily& family, const std::string& time) {
  json metric{{"name", family.name}, {"description", family.help}};
  if (family.type == MetricType::Histogram) {
    json points = json::array();
    for (const ClientMetric& series : family.metric) points.push_back(histogram_point(series, time));
    metric["histogram"] = {{"aggregationTemporality", kCumulative}, {"dataPoints", std::move(points)}};
  } else if (family.type == MetricType::Counter) {
    metric["sum"] = {
        {"aggregationTemporality", kCumulative}, {"isMonotonic", true}, {"dataPoints", number_points(family, time)}};
  } else {
    metric["gauge"] = {{"dataPoints", number_points(family, time)}};
  }
  return metric;
}

std::string render_otlp(const Snapshot& snapshot, std::chrono::system_clock::time_point now) {
  const auto since_epoch = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch());
  const std::string time = std::to_string(since_epoch.count());
  json metrics = json::array();
  for (const MetricFamily& family : metric_families(snapshot)) metrics.push_back(otlp_metric(family, time));
  const json resource{{"attributes", json::array({attribute("service.name", snapshot.name),
                                                  attribute("service.version", snapshot.version)})}};
  const json scope{{"name", "steadyd"}, {"version", snapshot.version}};
  const json scoped{{"scope", scope}, {"metrics", std::move(metrics)}};
  const json of_resource{{"resource", resource}, {"scopeMetrics", json::array({scoped})}};
  const json document{{"resourceMetrics", json::array({of_resource})}};
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace steady::observe
