// What `steadyctl incidents` prints. Pure functions; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/ctl/table.hpp"

namespace steady::control {

/// A table from the daemon's {"incidents": [...]}, in its order, or "no incidents". Fields that it does not send are
/// empty or zero.
[[nodiscard]] std::string render_incidents(const nlohmann::json& answer, const Screen& screen = {});

/// The block of text that the daemon printed of one incident.
[[nodiscard]] std::string render_incident(const nlohmann::json& incident);

}  // namespace steady::control
