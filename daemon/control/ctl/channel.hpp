// What steadyctl knows of a channel: what it carries and which files it is, asked from the daemon. One thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ipc/tap.hpp"
#include "topology/plan.hpp"

namespace steady::control {

struct ChannelView {
  topology::PlannedChannel layout;  ///< only name, frames and message
  std::string producer;
  ipc::TapPaths paths;
};

/// Asks once over a connection of its own. Errors: Invalid when the daemon refuses; any other code when it cannot be
/// reached.
[[nodiscard]] Result<nlohmann::json> ask_once(const std::string& socket, const std::string& method,
                                              const nlohmann::json& params);

/// Errors: as ask_once; Corrupt when the answer makes no sense.
[[nodiscard]] Result<ChannelView> ask_channel(const std::string& socket, const std::string& name);

/// {"sequence":7,"message":{...}} without a line break.
[[nodiscard]] std::string shown_line(const topology::PlannedChannel& layout, std::uint64_t sequence,
                                     std::string_view bytes);

/// Says what is wrong on stderr; returns the exit code: 1 when the answer is no, 3 when the daemon cannot be reached.
int refuse(const Error& error);

}  // namespace steady::control
