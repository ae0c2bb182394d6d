// What the page shows of one actor or one channel besides the snapshot: its parameters, its last hour, what it died of.
// Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "base/log_recent.hpp"
#include "runtime/actor_track.hpp"
#include "runtime/channel_track.hpp"
#include "topology/plan.hpp"

namespace steady::runtime {

/// {"fine": {"step_seconds": 1, SERIES: [...]}, "coarse": {...}}: oldest first, null where nothing was measured.
[[nodiscard]] nlohmann::json history_json(const ActorTrack& track);
[[nodiscard]] nlohmann::json history_json(const ChannelTrack& track);

/// What the configuration and the plugin say of an actor: its parameters with their defaults, its inputs, how it is kept.
[[nodiscard]] nlohmann::json settings_json(const topology::PlannedActor& actor);

/// [{"number", "at", "level", "actor", "text"}], in the given order.
[[nodiscard]] nlohmann::json to_json(const std::vector<log::RecentLine>& lines);

}  // namespace steady::runtime
