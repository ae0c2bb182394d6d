// A recording of a channel as text: JSON lines of which the first says what the others are. Pure functions; any thread.
//
//   {"steadyd_recording":1,"channel":"a.out","message":{"name":...,"size":...,"align":...,"fields":[...]} or "frames"}
//   {"sequence":7,"time":1700000000.25,"hex":"0a00...","message":{"value":10}}
//   {"skipped":3}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "topology/plan.hpp"

namespace steady::control {

[[nodiscard]] std::string recording_header(const topology::PlannedChannel& layout);
[[nodiscard]] std::string recording_line(const topology::PlannedChannel& layout, std::uint64_t sequence,
                                         double unix_seconds, std::string_view bytes);
[[nodiscard]] std::string recording_skip(std::uint64_t messages);

/// Of the channel that was recorded: its name, frames and message. Errors: Invalid.
[[nodiscard]] Result<topology::PlannedChannel> read_recording_header(std::string_view line);
/// The bytes of the message, or nothing for a line that says what was skipped. Errors: Invalid.
[[nodiscard]] Result<std::optional<std::string>> read_recording_line(std::string_view line);

}  // namespace steady::control
