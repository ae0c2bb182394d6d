// The Prometheus view of a snapshot. Pure function; any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace steady::observe {

struct Snapshot;

/// Everything in the snapshot; families without a series are left out.
[[nodiscard]] std::vector<prometheus::MetricFamily> metric_families(const Snapshot& snapshot);

/// The text exposition format, version 0.0.4, of everything in the snapshot. Always valid, whatever bytes names, notes
/// and help texts contain.
[[nodiscard]] std::string render_metrics(const Snapshot& snapshot);

}  // namespace steady::observe
