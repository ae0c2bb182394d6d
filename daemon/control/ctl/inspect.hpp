// What `steadyctl inspect` does: a plugin is foreign code, so steadyd-worker loads it, in a process of its own, and
// prints what it says of itself as JSON. Blocks; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.hpp"

namespace steady::control {

/// The JSON that steadyd-worker prints for a plugin's file or name. Its complaints go to our stderr.
/// The worker is looked for beside this executable, then in ../libexec and ../libexec/steadyd.
/// Errors: NotFound when there is no worker; Invalid when it refuses the plugin or dies of it.
[[nodiscard]] Result<std::string> describe_plugin(const std::string& plugin);

/// The same for people: the types, their ports, parameters with default and help, and metrics.
[[nodiscard]] std::string render_description(const nlohmann::json& description);

}  // namespace steady::control
