// What `status` and `top` both say of an actor. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace steady::control {

/// Restarts of all causes.
[[nodiscard]] std::uint64_t restarts_of(const nlohmann::json& actor);

/// How its spare is and what a running actor says of itself, or why it is not running. A note from before would only confuse.
[[nodiscard]] std::string remark_of(const nlohmann::json& actor);

}  // namespace steady::control
