#include "control/ctl/recording.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "control/ctl/fields.hpp"
#include "topology/show_message.hpp"

namespace steady::control {

using nlohmann::json;

std::string recording_header(const topology::PlannedChannel& layout) {
  const json message = layout.frames ? json("frames") : topology::to_json(layout.message);
  return "{\"steadyd_recording\":1,\"channel\":" + json(layout.name).dump() + ",\"message\":" + message.dump() + '}';
}

std::string recording_line(const topology::PlannedChannel& layout, std::uint64_t sequence, double unix_seconds,
                           std::string_view bytes) {
  return "{\"sequence\":" + std::to_string(sequence) + ",\"time\":" + json(unix_seconds).dump() + ",\"hex\":\"" +
         to_hex(bytes) + "\",\"message\":" + topology::show_message(layout, bytes, bytes.size()) + '}';
}

std::string recording_skip(std::uint64_t messages) { return "{\"skipped\":" + std::to_string(messages) + '}'; }

Result<topology::PlannedChannel> read_recording_header(std::string_view line) {
  const json header = json::parse(line, nullptr, false);
  if (count_of(header, "steadyd_recording") != 1)
    return fail(ErrorCode::Invalid, "this is no recording of steadyd, or one of a later version");
  topology::PlannedChannel channel;
  channel.name = text_of(header, "channel");
  channel.frames = member(header, "message") == "frames";
  if (channel.frames) return channel;
  auto message = topology::parse_message_layout(member(header, "message"));
  if (!message) return fail(std::move(message.error()), "message");
  channel.message = std::move(*message);
  return channel;
}

Result<std::optional<std::string>> read_recording_line(std::string_view line) {
  const json value = json::parse(line, nullptr, false);
  if (!value.is_object()) return fail(ErrorCode::Invalid, "this is no JSON object");
  if (value.contains("skipped") && !value.contains("hex")) return std::optional<std::string>();
  auto bytes = from_hex(text_of(value, "hex"));
  if (!member(value, "hex").is_string() || !bytes)
    return fail(ErrorCode::Invalid, "\"hex\": expected a text of hexadecimal digits, two per byte");
  return std::optional(std::move(*bytes));
}

}  // namespace steady::control
