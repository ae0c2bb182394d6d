#include "topology/parameter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/units.hpp"
#include "config/names.hpp"

namespace steady::topology {
namespace {

using namespace std::string_view_literals;

constexpr std::array kTypes{"integer"sv, "real"sv, "boolean"sv, "text"sv, "duration"sv, "size"sv};
constexpr std::array kBooleans{"true"sv, "false"sv, "yes"sv, "no"sv, "on"sv, "off"sv};

template <class Number>
bool is_whole(const std::string& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  return result.ec == std::errc{} && result.ptr == end;
}

bool is_integer(const std::string& text) {
  std::int64_t number = 0;
  return is_whole(text, number);
}

bool is_real(const std::string& text) {
  double number = 0;
  return is_whole(text, number) && std::isfinite(number);
}

Status expected(const char* what, const std::string& text) {
  return fail(ErrorCode::Invalid, std::string("expected ") + what + ", found " + config::quote(text));
}

}  // namespace

bool is_parameter_type(std::string_view type) {
  return std::ranges::find(kTypes, type) != kTypes.end();
}

Status check_parameter(std::string_view type, const std::string& text) {
  if (type == "integer" && !is_integer(text)) return expected("a whole number of 64 bits", text);
  if (type == "real" && !is_real(text)) return expected("a number", text);
  if (type == "boolean" && std::ranges::find(kBooleans, text) == kBooleans.end())
    return expected("true or false", text);
  if (type == "duration" && !parse_duration(text)) return expected("a duration such as 20ms or 1.5s", text);
  if (type == "size" && !parse_size(text)) return expected("a size such as 512, 64Ki or 16MiB", text);
  return {};
}

}  // namespace steady::topology
