// The metrics that actors declare for themselves, as Prometheus families. Pure function; any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace steady::observe {

struct Snapshot;

/// One family steady_user_NAME per name and kind, with a series for each actor that has it. Counters end in _total and
/// gauges never do. Names and help texts come from plugins, so they are made valid: a character that a name may not
/// have becomes '_', control characters in a help text become blanks. A name that an actor has twice is used once, for
/// a second sample of the same series would spoil the whole scrape.
[[nodiscard]] std::vector<prometheus::MetricFamily> user_metrics(const Snapshot& snapshot);

}  // namespace steady::observe
