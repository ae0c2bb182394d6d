// What `steadyctl status` prints. Pure functions; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/ctl/table.hpp"

namespace steady::control {

/// A header line and one table each for actors, channels and supervisors, from the daemon's graph JSON. Fields that an
/// older or newer daemon does not send are shown as empty or zero. Large numbers are rounded: the JSON has the exact
/// ones.
[[nodiscard]] std::string render_status(const nlohmann::json& graph, const Screen& screen = {});

/// The first lines of it: name, version, uptime, whether the service is ready, and why not.
[[nodiscard]] std::string render_header(const nlohmann::json& graph, const Screen& screen = {});

}  // namespace steady::control
