// Any described message as one line of JSON, from its layout and its bytes.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "steady/abi.h"

namespace steady {

namespace detail {

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Numbers in their shortest form that reads back the same; JSON has no NaN and no infinity, they become null.
template <class T>
void append_number(std::string& json, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      json += "null";
      return;
    }
  }
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  json.append(text.data(), end.ptr);
}

/// How many bytes the UTF-8 character at the front takes; 0 when there is none. No overlong forms, no surrogates.
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) >= 0xa0;
  const bool too_large = first == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

inline void append_escaped(std::string& json, char character) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  switch (character) {
    case '"':
      json += "\\\"";
      return;
    case '\\':
      json += "\\\\";
      return;
    case '\n':
      json += "\\n";
      return;
    case '\r':
      json += "\\r";
      return;
    case '\t':
      json += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(character);
  if (byte >= 0x20 && byte != 0x7f) {
    json += character;
    return;
  }
  json += "\\u00";
  json += kHex[byte >> 4];
  json += kHex[byte & 15];
}

/// A JSON string. Each byte that is no UTF-8 becomes U+FFFD.
inline void append_string(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0)
      json += "\xef\xbf\xbd";
    else if (length == 1)
      append_escaped(json, text.front());
    else
      json += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  json += '"';
}

/// Bytes of one value of a steady_field_type; 0 for a type that this header does not know.
inline std::size_t field_size(std::uint32_t type) {
  switch (type) {
    case STEADY_U8:
    case STEADY_I8:
    case STEADY_BOOL:
    case STEADY_CHAR:
      return 1;
    case STEADY_U16:
    case STEADY_I16:
      return 2;
    case STEADY_U32:
    case STEADY_I32:
    case STEADY_F32:
      return 4;
    case STEADY_U64:
    case STEADY_I64:
    case STEADY_F64:
      return 8;
    default:
      return 0;
  }
}

inline void append_value(std::string& json, std::uint32_t type, const char* from) {
  switch (type) {
    case STEADY_U8:
      return append_number(json, static_cast<unsigned>(load<std::uint8_t>(from)));
    case STEADY_U16:
      return append_number(json, load<std::uint16_t>(from));
    case STEADY_U32:
      return append_number(json, load<std::uint32_t>(from));
    case STEADY_U64:
      return append_number(json, load<std::uint64_t>(from));
    case STEADY_I8:
      return append_number(json, static_cast<int>(load<std::int8_t>(from)));
    case STEADY_I16:
      return append_number(json, load<std::int16_t>(from));
    case STEADY_I32:
      return append_number(json, load<std::int32_t>(from));
    case STEADY_I64:
      return append_number(json, load<std::int64_t>(from));
    case STEADY_F32:
      return append_number(json, load<float>(from));
    case STEADY_F64:
      return append_number(json, load<double>(from));
    case STEADY_BOOL:
      json += *from != 0 ? "true" : "false";
      return;
    default:
      return append_string(json, {from, ::strnlen(from, 1)});
  }
}

/// `bytes` begins at the message; a field that does not lie within it is null.
inline void append_field(std::string& json, const steady_field& field, std::string_view bytes) {
  const std::size_t size = field_size(field.type);
  const std::uint64_t total = std::uint64_t{size} * field.count;
  if (size == 0 || field.offset > bytes.size() || total > bytes.size() - field.offset) {
    json += "null";
    return;
  }
  const char* const from = bytes.data() + field.offset;
  if (field.type == STEADY_CHAR) return append_string(json, {from, ::strnlen(from, field.count)});
  if (field.count == 1) return append_value(json, field.type, from);
  json += '[';
  for (std::uint32_t i = 0; i < field.count; ++i) {
    if (i > 0) json += ',';
    append_value(json, field.type, from + i * size);
  }
  json += ']';
}

inline void append_hex(std::string& json, std::string_view bytes) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    json += kHex[byte >> 4];
    json += kHex[byte & 15];
  }
}

}  // namespace detail

/// Appends the message as one JSON object without a line break: its fields in order, texts as strings, arrays as
/// arrays. A message that is not described becomes {"hex":"..."}.
inline void append_json(std::string& json, const steady_message& message, std::string_view bytes) {
  if (message.field_count == 0) {
    json += "{\"hex\":\"";
    detail::append_hex(json, bytes);
    json += "\"}";
    return;
  }
  json += '{';
  for (std::uint32_t i = 0; i < message.field_count; ++i) {
    if (i > 0) json += ',';
    detail::append_string(json, message.fields[i].name);
    json += ':';
    detail::append_field(json, message.fields[i], bytes);
  }
  json += '}';
}

/// The message as JSON; see append_json.
[[nodiscard]] inline std::string to_json(const steady_message& message, std::string_view bytes) {
  std::string json;
  append_json(json, message, bytes);
  return json;
}

}  // namespace steady
