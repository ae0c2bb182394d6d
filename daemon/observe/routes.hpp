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
///   /readyz       200, or 503 with one reason per line; ?verbose adds a line per supervisor, actor and active trigger
/// and 404 for the rest.
[[nodiscard]] Response route(const Request& request, const Snapshot& snapshot);

/// Whether its answer is the same for any snapshot: the page's files, /healthz, what is not there.
[[nodiscard]] bool needs_no_snapshot(const Request& request);

}  // namespace steady::observe
