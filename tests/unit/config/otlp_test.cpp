#include "support.hpp"

namespace steady::config {

TEST_SUITE("config/otlp") {
  TEST_CASE("metrics are pushed nowhere unless the file says where") {
    const Graph graph = graph_of("steadyd: 1\nactors: {a: {plugin: demo}}\n");
    CHECK(graph.telemetry.otlp.empty());
    CHECK(graph.telemetry.otlp_interval == std::chrono::seconds(10));
  }

  TEST_CASE("a receiver and an interval reach the graph") {
    const Graph graph = graph_of(
        "steadyd: 1\ntelemetry: {otlp: 'https://example.org:4318/v1/metrics', otlp_interval: 1m}\n"
        "actors: {a: {plugin: demo}}\n");
    CHECK(graph.telemetry.otlp == "https://example.org:4318/v1/metrics");
    CHECK(graph.telemetry.otlp_interval == std::chrono::minutes(1));
  }
}

}  // namespace steady::config
