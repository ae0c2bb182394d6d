// The tables of `steadyctl top` from the daemon's graph JSON. Pure functions; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "control/ctl/table.hpp"
#include "control/ctl/top_view.hpp"

namespace steady::control {

/// One row per actor that the filter lets through, in the view's order. Values that are not there yet are "-".
[[nodiscard]] std::vector<Row> top_actors(const nlohmann::json& graph, const View& view);
[[nodiscard]] const std::vector<std::string>& top_actors_header();

/// Likewise, one row per reader of a channel.
[[nodiscard]] std::vector<Row> top_channels(const nlohmann::json& graph, const View& view);
[[nodiscard]] const std::vector<std::string>& top_channels_header();

/// "yellow", "orange" and "red" as the daemon says them.
[[nodiscard]] Colour colour_named(const std::string& name);

}  // namespace steady::control
