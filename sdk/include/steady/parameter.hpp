// Parameters: what the configuration may tell an actor. Declared with a default and a sentence, or as required.
//
//   steady::Parameter<std::string>              path{*this, "path", steady::kRequired, "file to follow"};
//   steady::Parameter<std::chrono::nanoseconds> poll{*this, "poll", "100ms", "how often to look for growth"};
//
// The value is there from start() on; in the constructor it is not known yet.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "steady/registry.hpp"

namespace steady {

struct Required {};
inline constexpr Required kRequired;

/// A count of bytes, written "64Ki" or "16MiB".
struct Size {
  std::uint64_t bytes = 0;
  operator std::uint64_t() const { return bytes; }
};

namespace detail {

struct UnitFactor {
  std::string_view suffix;
  double factor;
};

inline double parse_scaled(std::string_view text, std::initializer_list<UnitFactor> units) {
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const std::string_view suffix(parsed.ptr, static_cast<std::size_t>(text.data() + text.size() - parsed.ptr));
  if (parsed.ec == std::errc{} && number >= 0)
    for (const UnitFactor& unit : units)
      if (suffix == unit.suffix && number * unit.factor < 9e18) return number * unit.factor;
  throw std::invalid_argument("cannot read '" + std::string(text) + "'");
}

template <class T>
struct ParameterType;
template <>
struct ParameterType<std::string> {
  static constexpr std::uint32_t kType = STEADY_TEXT;
  static std::string parse(std::string_view text) { return std::string(text); }
};
template <>
struct ParameterType<bool> {
  static constexpr std::uint32_t kType = STEADY_BOOLEAN;
  static bool parse(std::string_view text) {
    if (text == "true" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "no" || text == "off") return false;
    throw std::invalid_argument("expected true or false, found '" + std::string(text) + "'");
  }
};
template <>
struct ParameterType<std::int64_t> {
  static constexpr std::uint32_t kType = STEADY_INTEGER;
  static std::int64_t parse(std::string_view text) {
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) return value;
    throw std::invalid_argument("expected a whole number, found '" + std::string(text) + "'");
  }
};
template <>
struct ParameterType<double> {
  static constexpr std::uint32_t kType = STEADY_REAL;
  static double parse(std::string_view text) {
    double value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) return value;
    throw std::invalid_argument("expected a number, found '" + std::string(text) + "'");
  }
};
template <>
struct ParameterType<std::chrono::nanoseconds> {
  static constexpr std::uint32_t kType = STEADY_DURATION;
  static std::chrono::nanoseconds parse(std::string_view text) {
    if (text == "0") return std::chrono::nanoseconds(0);
    return std::chrono::nanoseconds(static_cast<std::int64_t>(parse_scaled(
        text, {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}})));
  }
};
template <>
struct ParameterType<Size> {
  static constexpr std::uint32_t kType = STEADY_SIZE;
  static Size parse(std::string_view text) {
    if (text.ends_with('B')) text.remove_suffix(1);
    return {static_cast<std::uint64_t>(parse_scaled(
        text, {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"Ki", 1024.}, {"Mi", 1048576.}, {"Gi", 1073741824.}}))};
  }
};

}  // namespace detail

/// T is one of bool, std::int64_t, double, std::string, std::chrono::nanoseconds, steady::Size.
template <class T>
class Parameter final : detail::Member {
 public:
  /// `default_text` as a user would write it.
  Parameter(Actor& actor, const char* name, const char* default_text, const char* help)
      : Parameter(actor, {name, detail::ParameterType<T>::kType, 0, default_text, help}) {}
  Parameter(Actor& actor, const char* name, Required, const char* help)
      : Parameter(actor, {name, detail::ParameterType<T>::kType, 1, "", help}) {}

  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }
  operator const T&() const { return value_; }

 private:
  Parameter(Actor& actor, const steady_parameter& parameter) {
    auto& registry = detail::registry_of(actor);
    name_ = parameter.name;
    index_ = registry.parameters.size();
    registry.parameters.push_back(parameter);
    registry.members.push_back(this);
  }
  void bind(steady_io& io) override {
    try {
      value_ = detail::ParameterType<T>::parse(io.parameters[index_]);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("parameter " + std::string(name_) + ": " + error.what());
    }
  }

  const char* name_;
  std::size_t index_;
  T value_{};
};

}  // namespace steady
