// Fields of JSON that another program wrote: a missing or mistyped one reads as empty. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace steady::control {

/// The member, or null when `object` is no object or has none.
[[nodiscard]] inline const nlohmann::json& member(const nlohmann::json& object, const char* key) {
  static const nlohmann::json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

[[nodiscard]] inline std::string text_of(const nlohmann::json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : "";
}

[[nodiscard]] inline double number_of(const nlohmann::json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_number() ? value.get<double>() : 0;
}

[[nodiscard]] inline std::uint64_t count_of(const nlohmann::json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

[[nodiscard]] inline bool is_true(const nlohmann::json& object, const char* key) {
  return member(object, key) == true;
}

}  // namespace steady::control
