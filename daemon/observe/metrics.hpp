// The Prometheus view of a snapshot. Pure function; any thread.
#pragma once

#include <string>

namespace steady::observe {

struct Snapshot;

/// The text exposition format, version 0.0.4, of everything in the snapshot. Always valid, whatever bytes names, notes
/// and help texts contain.
[[nodiscard]] std::string render_metrics(const Snapshot& snapshot);

}  // namespace steady::observe
