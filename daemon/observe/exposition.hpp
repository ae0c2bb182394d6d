// The text exposition format of Prometheus, version 0.0.4. Pure function; any thread.
//
// Beside prometheus-cpp's own serializer, which says the same through a std::ostream: for a thousand actors that took
// several times as long, and all of it on the loop that supervises them.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace steady::observe {

/// The text of counters, gauges and histograms, which is all that steadyd has; families of any other type are left out.
/// Numbers read back as the same numbers. Label values may hold any bytes; names and help texts must be sound, and are
/// written as they are.
[[nodiscard]] std::string write_exposition(const std::vector<prometheus::MetricFamily>& families);

}  // namespace steady::observe
