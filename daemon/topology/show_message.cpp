#include "topology/show_message.hpp"

#include <steady/json.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include "base/hex.hpp"

namespace steady::topology {
namespace {

constexpr std::array<std::string_view, 12> kFieldTypes{"u8",  "u16", "u32", "u64", "i8",   "i16",
                                                       "i32", "i64", "f32", "f64", "bool", "char"};

std::uint32_t number_of(const std::string& type) {
  return static_cast<std::uint32_t>(std::ranges::find(kFieldTypes, type) - kFieldTypes.begin());
}

bool is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = steady::detail::utf8_length(bytes);
    if (length == 0 || (length == 1 && static_cast<unsigned char>(bytes.front()) < ' ' && bytes.front() != '\t'))
      return false;
    bytes.remove_prefix(length);
  }
  return true;
}

/// Without a character at the end of which only the first bytes are left.
std::string_view without_cut_character(std::string_view bytes) {
  for (std::size_t kept = 1; kept <= std::min<std::size_t>(3, bytes.size()); ++kept) {
    const std::string end(bytes.substr(bytes.size() - kept));
    const auto begins_one = [&](const char* rest) { return steady::detail::utf8_length(end + rest) > kept; };
    if (begins_one("\x80\x80\x80") || begins_one("\xbf\xbf\xbf")) return bytes.substr(0, bytes.size() - kept);
  }
  return bytes;
}

std::string show_frame(std::string_view bytes, bool cut) {
  const std::string dots = cut ? "..." : "";
  const std::string_view text = cut ? without_cut_character(bytes) : bytes;
  std::string json;
  if (!is_text(text)) return "{\"hex\":\"" + to_hex(bytes) + dots + "\"}";
  steady::detail::append_string(json, std::string(text) + dots);
  return json;
}

}  // namespace

std::string show_message(const PlannedChannel& channel, std::string_view bytes, std::uint64_t length) {
  if (channel.frames) return show_frame(bytes, bytes.size() < length);
  std::vector<steady_field> fields;
  for (const Field& field : channel.message.fields)
    fields.push_back({field.name.c_str(), number_of(field.type), field.offset_bytes, field.count});
  const steady_message layout{channel.message.name.c_str(), channel.message.size_bytes, channel.message.align_bytes,
                              fields.data(), static_cast<std::uint32_t>(fields.size())};
  return steady::to_json(layout, bytes);
}

}  // namespace steady::topology
