// What `steadyctl dlq` prints. Pure functions; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/ctl/table.hpp"

namespace steady::control {

/// A table from the daemon's {"letters": [...]}, in its order, or "no dead letters". Fields that it does not send are
/// empty or zero.
[[nodiscard]] std::string render_letters(const nlohmann::json& answer, const Screen& screen = {});

/// One letter: its fields, its payload in hexadecimal up to 4 KiB, and the incident that sent it here when it is known.
[[nodiscard]] std::string render_letter(const nlohmann::json& letter);

/// "2 on their way back, 1 waits for its producer to run", then the daemon's notes.
[[nodiscard]] std::string render_replay(const nlohmann::json& answer);

/// "2 letters purged".
[[nodiscard]] std::string render_purge(const nlohmann::json& answer);

}  // namespace steady::control
