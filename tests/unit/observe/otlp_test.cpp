#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "observe/otlp.hpp"
#include "snapshots.hpp"

using namespace steady;
using namespace steady::observe;
using nlohmann::json;

namespace {

const auto kThen = std::chrono::system_clock::time_point(std::chrono::nanoseconds(1'700'000'000'123'456'789));

json document(const Snapshot& snapshot) {
  return json::parse(render_otlp(snapshot, kThen));
}

json metric(const json& document, const std::string& name) {
  for (const auto& metric : document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"])
    if (metric["name"] == name) return metric;
  return nullptr;
}

json labelled(const std::string& key, const std::string& value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

}  // namespace

TEST_SUITE("observe/otlp") {
  TEST_CASE("the resource is the service and the scope is steadyd") {
    const json all = document(test::small_snapshot());
    const json& resource = all["resourceMetrics"][0];
    CHECK(resource["resource"]["attributes"] ==
          json::array({labelled("service.name", "demo"), labelled("service.version", "0.1.0")}));
    CHECK(resource["scopeMetrics"][0]["scope"]["name"] == "steadyd");
  }

  TEST_CASE("a counter is a cumulative sum that only grows") {
    const json sent = metric(document(test::small_snapshot()), "steady_channel_messages_sent_total");
    CHECK(sent["description"] == "Messages that the producer committed to the channel.");
    CHECK(sent["sum"]["aggregationTemporality"] == 2);
    CHECK(sent["sum"]["isMonotonic"] == true);
    const json& point = sent["sum"]["dataPoints"][0];
    CHECK(point["asDouble"] == 50);
    CHECK(point["timeUnixNano"] == "1700000000123456789");
    CHECK(point["attributes"] ==
          json::array({labelled("channel", "source.numbers"), labelled("from", "source.numbers")}));
  }

  TEST_CASE("a gauge is a gauge, with a point for each series") {
    const json up = metric(document(test::small_snapshot()), "steady_actor_up");
    REQUIRE(up["gauge"]["dataPoints"].size() == 2);
    CHECK(up["gauge"]["dataPoints"][0]["asDouble"] == 1);
    CHECK(up["gauge"]["dataPoints"][1]["asDouble"] == 0);
  }

  TEST_CASE("what an actor counts itself is there too, unless it is no number") {
    Snapshot snapshot = test::small_snapshot();
    snapshot.actors[0].metrics = {{"seen", "Things.", true, 5},
                                  {"odd", "", false, std::numeric_limits<double>::quiet_NaN()}};
    const json all = document(snapshot);
    CHECK(metric(all, "steady_user_seen_total")["sum"]["dataPoints"][0]["asDouble"] == 5);
    CHECK(metric(all, "steady_user_odd")["gauge"]["dataPoints"].empty());
  }

  TEST_CASE("a histogram counts what is between two bounds, and what is beyond the last one") {
    prometheus::MetricFamily family{"steady_seconds", "Time.", prometheus::MetricType::Histogram, {}};
    prometheus::ClientMetric series;
    series.histogram = {10, 2.5, {{2, 0.1}, {7, 1}, {10, std::numeric_limits<double>::infinity()}}};
    family.metric = {series};
    const json metric = otlp_metric(family, "5");
    CHECK(metric["histogram"]["aggregationTemporality"] == 2);
    const json& point = metric["histogram"]["dataPoints"][0];
    CHECK(point["count"] == "10");
    CHECK(point["sum"] == 2.5);
    CHECK(point["explicitBounds"] == json::array({0.1, 1.0}));
    CHECK(point["bucketCounts"] == json::array({"2", "5", "3"}));
    CHECK(point["timeUnixNano"] == "5");
  }

  TEST_CASE("the document is one line of valid JSON, whatever names and help texts contain") {
    Snapshot snapshot = test::small_snapshot();
    snapshot.name = "a\n\"\xff";
    snapshot.actors[0].metrics = {{"x\xff", "\n\xff", true, 1}};
    CHECK(render_otlp(snapshot, kThen).find('\n') == std::string::npos);
    CHECK(document(snapshot)["resourceMetrics"].size() == 1);
  }
}
