#include "topology/describe_json.hpp"

#include <algorithm>

#include "config/names.hpp"

namespace steady::topology {
namespace {

const nlohmann::json kAbsent;

std::string found(const nlohmann::json& value) {
  return value.is_null() ? "nothing" : value.type_name();
}

}  // namespace

JsonValue JsonValue::operator[](const char* key) const {
  const std::string path = path_.empty() ? key : path_ + "." + key;
  if (!value_->is_object()) {
    fail("expected an object, found " + found(*value_));
    return {kAbsent, path, *error_};
  }
  const auto member = value_->find(key);
  return {member == value_->end() ? kAbsent : *member, path, *error_};
}

std::string JsonValue::name() const {
  const std::string text = optional_text(4096);
  if (!config::is_name(text)) fail("expected a name, found " + (text.empty() ? found(*value_) : config::quote(text)));
  return text;
}

std::string JsonValue::optional_text(std::size_t longest) const {
  if (value_->is_null()) return {};
  if (!value_->is_string()) return fail("expected a text, found " + found(*value_)), std::string();
  std::string text = value_->get<std::string>();
  if (text.size() > longest)
    return fail("expected a text of at most " + std::to_string(longest) + " bytes, found " +
                std::to_string(text.size())),
           std::string();
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

std::string JsonValue::text(std::size_t longest) const {
  std::string out = optional_text(longest);
  if (out.empty()) fail("expected a text, found " + (value_->is_string() ? "an empty one" : found(*value_)));
  return out;
}

std::uint64_t JsonValue::integer(std::uint64_t min, std::uint64_t max) const {
  const bool fits =
      value_->is_number_unsigned() && value_->get<std::uint64_t>() >= min && value_->get<std::uint64_t>() <= max;
  if (fits) return value_->get<std::uint64_t>();
  fail("expected a whole number from " + std::to_string(min) + " to " + std::to_string(max) + ", found " +
       (value_->is_number() ? value_->dump() : found(*value_)));
  return min;
}

std::uint64_t JsonValue::optional_integer(std::uint64_t min, std::uint64_t max, std::uint64_t otherwise) const {
  return value_->is_null() ? otherwise : integer(min, max);
}

bool JsonValue::optional_flag() const {
  if (value_->is_null()) return false;
  if (value_->is_boolean()) return value_->get<bool>();
  fail("expected true or false, found " + found(*value_));
  return false;
}

std::size_t JsonValue::optional_list(std::size_t most) const {
  if (value_->is_null()) return 0;
  if (!value_->is_array()) return fail("expected a list, found " + found(*value_)), 0;
  if (value_->size() <= most) return value_->size();
  fail("expected at most " + std::to_string(most) + " entries, found " + std::to_string(value_->size()));
  return 0;
}

JsonValue JsonValue::at(std::size_t index) const {
  return {(*value_)[index], path_ + "[" + std::to_string(index) + "]", *error_};
}

}  // namespace steady::topology
