// What `steadyctl logs` prints. Pure functions; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/ctl/table.hpp"

namespace steady::control {

/// The daemon's {"lines": [...], "dropped": N}, as its log has them: time, level, text; first how many are missing.
[[nodiscard]] std::string render_logs(const nlohmann::json& answer, const Screen& screen = {});

}  // namespace steady::control
