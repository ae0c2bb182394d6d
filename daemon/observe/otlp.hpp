// The OpenTelemetry view of a snapshot. Pure function; any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace steady::observe {

struct Snapshot;

/// Everything that render_metrics() has, under the same names, as one line of OTLP/HTTP JSON (an
/// ExportMetricsServiceRequest). Counters are cumulative monotonic sums. They have no start time, for they count on when steadyd starts again.
/// Values that are no number, which JSON cannot say, are left out.
[[nodiscard]] std::string render_otlp(const Snapshot& snapshot, std::chrono::system_clock::time_point now);

/// One of its metrics. `time`: nanoseconds since 1970.
[[nodiscard]] nlohmann::json otlp_metric(const prometheus::MetricFamily& family, const std::string& time);

}  // namespace steady::observe
