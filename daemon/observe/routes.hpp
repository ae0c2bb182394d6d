// Which path answers what. Pure function; any thread.
#pragma once

#include "observe/http.hpp"

namespace steady::observe {

struct Snapshot;

/// Answers one request from the snapshot:
///   /             the live page, and its parts beside it
///   /metrics      Prometheus text
///   /graph.dot    GraphViz
///   /graph.json   the whole snapshot
///   /healthz      200 as long as the process answers
///   /readyz       200, or 503 with one reason per line
/// and 404 for the rest.
[[nodiscard]] Response route(const Request& request, const Snapshot& snapshot);

}  // namespace steady::observe
