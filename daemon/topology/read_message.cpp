#include "topology/read_message.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hex.hpp"
#include "config/did_you_mean.hpp"
#include "config/names.hpp"
#include "topology/message.hpp"

namespace steady::topology {
namespace {

using nlohmann::json;

/// What was found, in a few words.
std::string found(const json& value) {
  if (value.is_array()) return "an array of " + std::to_string(value.size());
  if (value.is_object()) return "an object";
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 60) + "...";
}

tl::unexpected<Error> wrong(const std::string& where, const std::string& expected, const json& value) {
  return fail(ErrorCode::Invalid, where + ": expected " + expected + ", found " + found(value));
}

template <class T>
void put(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

template <class T>
Status put_whole(char* to, const std::string& where, const json& value) {
  using Limits = std::numeric_limits<T>;
  // The parser makes whatever is not negative and fits 64 bits unsigned, and a number with a fraction a double.
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(Limits::max())
                        : value.is_number_integer() && Limits::is_signed &&
                              value.get<std::int64_t>() >= static_cast<std::int64_t>(Limits::min()) &&
                              value.get<std::int64_t>() < 0;
  if (!fits)
    return wrong(where, "a whole number from " + std::to_string(Limits::min()) + " to " + std::to_string(Limits::max()),
                 value);
  put(to, value.is_number_unsigned() ? static_cast<T>(value.get<std::uint64_t>())
                                     : static_cast<T>(value.get<std::int64_t>()));
  return {};
}

/// null stands for a number that is none, which JSON cannot write.
template <class T>
Status put_real(char* to, const std::string& where, const json& value) {
  if (value.is_null()) return put(to, std::numeric_limits<T>::quiet_NaN()), Status();
  const double number = value.is_number() ? value.get<double>() : 0;
  const bool fits = std::abs(number) <= static_cast<double>(std::numeric_limits<T>::max());
  if (!value.is_number() || !fits)
    return wrong(where, sizeof(T) == 4 ? "a number within f32, or null" : "a number or null", value);
  put(to, static_cast<T>(number));
  return {};
}

Status put_flag(char* to, const std::string& where, const json& value) {
  if (!value.is_boolean()) return wrong(where, "true or false", value);
  *to = value.get<bool>() ? 1 : 0;
  return {};
}

Status put_text(char* to, const std::string& where, std::uint32_t count, const json& value) {
  const auto expected = "a text of at most " + std::to_string(count) + (count == 1 ? " byte" : " bytes");
  if (!value.is_string()) return wrong(where, expected, value);
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > count || text.find('\0') != std::string::npos)
    return wrong(where, expected + " without NUL", value);
  std::memcpy(to, text.data(), text.size());
  return {};
}

Status put_value(char* to, const std::string& type, const std::string& where, const json& value) {
  using Put = Status (*)(char*, const std::string&, const json&);
  struct Row {
    std::string_view type;
    Put put;
  };
  static constexpr Row kRows[] = {
      {"u8", put_whole<std::uint8_t>},   {"u16", put_whole<std::uint16_t>}, {"u32", put_whole<std::uint32_t>},
      {"u64", put_whole<std::uint64_t>}, {"i8", put_whole<std::int8_t>},    {"i16", put_whole<std::int16_t>},
      {"i32", put_whole<std::int32_t>},  {"i64", put_whole<std::int64_t>},  {"f32", put_real<float>},
      {"f64", put_real<double>},         {"bool", put_flag}};
  const auto row = std::ranges::find(kRows, std::string_view(type), &Row::type);
  if (row == std::end(kRows)) return fail(ErrorCode::Invalid, where + ": has the unknown type " + type);
  return row->put(to, where, value);
}

Status put_field(std::string& bytes, const Field& field, const json& value) {
  const std::string where = "field " + config::quote(field.name);
  char* const to = bytes.data() + field.offset_bytes;
  if (field.type == "char") return put_text(to, where, field.count, value);
  if (field.count == 1) return put_value(to, field.type, where, value);
  if (!value.is_array() || value.size() != field.count)
    return wrong(where, "an array of " + std::to_string(field.count), value);
  const std::uint64_t size = size_of_field_type(field.type);
  for (std::uint32_t i = 0; i < field.count; ++i)
    if (auto done = put_value(to + i * size, field.type, where + "[" + std::to_string(i) + "]", value[i]); !done)
      return done;
  return {};
}

bool is_hex(const json& value) { return value.is_object() && value.size() == 1 && value.contains("hex"); }

Result<std::string> read_hex(const json& value) {
  const json& hex = value.at("hex");
  auto bytes = hex.is_string() ? from_hex(hex.get_ref<const std::string&>()) : std::nullopt;
  if (!bytes) return wrong("\"hex\"", "a text of hexadecimal digits, two per byte", hex);
  return std::move(*bytes);
}

Result<std::string> read_fields(const Message& message, const json& value) {
  if (!value.is_object())
    return fail(ErrorCode::Invalid,
                "expected an object with the fields of " + layout(message) + ", found " + found(value));
  std::vector<std::string> names;
  for (const Field& field : message.fields) names.push_back(field.name);
  for (const auto& [name, unused] : value.items())
    if (std::ranges::find(names, name) == names.end())
      return fail(ErrorCode::Invalid,
                  message.name + " has no field " + config::quote(name) + config::did_you_mean(name, names));
  std::string bytes(message.size_bytes, '\0');
  for (const Field& field : message.fields) {
    const auto at = value.find(field.name);
    if (at == value.end()) return fail(ErrorCode::Invalid, "the field " + config::quote(field.name) + " is missing");
    if (auto done = put_field(bytes, field, *at); !done) return tl::unexpected(std::move(done.error()));
  }
  return bytes;
}

/// Depth and repeated names are refused while parsing: a later value would silently replace an earlier one.
Result<json> parse(std::string_view text) {
  std::vector<std::set<std::string>> names;
  std::string flaw;
  const auto look = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end && !names.empty()) names.pop_back();
    if (event == json::parse_event_t::key && !names.empty() && !names.back().insert(value.get<std::string>()).second)
      flaw = "the field " + config::quote(value.get<std::string>()) + " stands twice";
    if (depth > 4) flaw = "it is nested too deeply";
    return true;
  };
  try {
    json value = json::parse(text, look);
    if (!flaw.empty()) return fail(ErrorCode::Invalid, flaw);
    return value;
  } catch (const json::exception&) {
    return fail(ErrorCode::Invalid, "this is no JSON");
  }
}

}  // namespace

Result<std::string> read_message(bool frames, const Message& message, std::string_view text) {
  auto value = parse(text);
  if (!value) return tl::unexpected(std::move(value.error()));
  if (frames) {
    if (value->is_string()) return value->get<std::string>();
    if (is_hex(*value)) return read_hex(*value);
    return fail(ErrorCode::Invalid, "expected a text or {\"hex\": \"...\"}, found " + found(*value));
  }
  const bool has_field_hex = std::ranges::find(message.fields, "hex", &Field::name) != message.fields.end();
  if (is_hex(*value) && !has_field_hex) {
    auto bytes = read_hex(*value);
    if (bytes && bytes->size() != message.size_bytes)
      return fail(ErrorCode::Invalid, "expected " + std::to_string(message.size_bytes) + " bytes for " +
                                          layout(message) + ", found " + std::to_string(bytes->size()));
    return bytes;
  }
  if (message.fields.empty())
    return fail(ErrorCode::Invalid, message.name + " is not described: expected {\"hex\": \"...\"} with its " +
                                        std::to_string(message.size_bytes) + " bytes, found " + found(*value));
  return read_fields(message, *value);
}

}  // namespace steady::topology
