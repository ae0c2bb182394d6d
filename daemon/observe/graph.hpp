// The graph of actors and channels as text: DOT for GraphViz, JSON for the page, steadyctl and scripts.
// Pure functions; any thread.
#pragma once

#include <string>

namespace steady::observe {

struct Snapshot;

/// A GraphViz digraph, left to right: one node per actor, one edge per reader of a channel, coloured by state.
[[nodiscard]] std::string render_dot(const Snapshot& snapshot);

/// One JSON object on one line. Its keys are the names of the snapshot's fields; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string render_json(const Snapshot& snapshot);

}  // namespace steady::observe
