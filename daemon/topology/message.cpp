#include "topology/message.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace steady::topology {
namespace {

std::string field_text(const Field& field, bool offsets) {
  std::string out = field.name + ": " + field.type;
  if (field.count != 1) out += "[" + std::to_string(field.count) + "]";
  if (offsets) out += " at " + std::to_string(field.offset_bytes);
  return out;
}

}  // namespace

std::uint64_t size_of_field_type(std::string_view type) {
  using Size = std::pair<std::string_view, std::uint64_t>;
  static constexpr std::array kSizes{Size{"u8", 1},  Size{"u16", 2}, Size{"u32", 4},  Size{"u64", 8},
                                     Size{"i8", 1},  Size{"i16", 2}, Size{"i32", 4},  Size{"i64", 8},
                                     Size{"f32", 4}, Size{"f64", 8}, Size{"bool", 1}, Size{"char", 1}};
  const auto found = std::ranges::find(kSizes, type, &Size::first);
  return found == kSizes.end() ? 0 : found->second;
}

bool agree(const Message& a, const Message& b) {
  if (a.size_bytes != b.size_bytes) return false;
  const bool described = !a.fields.empty() && !b.fields.empty();
  return described ? a.fields == b.fields : a.name == b.name;
}

std::string layout(const Message& message, bool offsets) {
  std::string out = message.name;
  for (const Field& field : message.fields)
    out += (&field == &message.fields.front() ? "{" : ", ") + field_text(field, offsets);
  if (!message.fields.empty()) out += "}";
  return out + " of " + std::to_string(message.size_bytes) + (message.size_bytes == 1 ? " byte" : " bytes");
}

}  // namespace steady::topology
