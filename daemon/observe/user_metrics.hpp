// The metrics that actors declare for themselves, as Prometheus families. Pure function; any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace steady::observe {

struct Snapshot;

/// One family steady_user_NAME per name, with a series for each actor that has it; counters end in _total.
/// Names and help texts come from plugins, so they are made valid: a character that a name may not have becomes '_',
/// control characters in a help text become blanks. What would still spoil the scrape is left out: an actor whose kind
/// of metric contradicts that of an actor before it, or a name that an actor has twice.
[[nodiscard]] std::vector<prometheus::MetricFamily> user_metrics(const Snapshot& snapshot);

}  // namespace steady::observe
