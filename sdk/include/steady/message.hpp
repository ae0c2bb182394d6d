// Messages: trivially copyable structs that travel by value. A struct described with BOOST_DESCRIBE_STRUCT carries its
// field names into the plugin's descriptor: channels are type-checked by them, and any message can be printed.
#pragma once

#include <algorithm>
#include <array>
#include <boost/describe.hpp>
#include <boost/mp11/algorithm.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "steady/abi.h"

namespace steady {

/// Text of at most N bytes inside a message, padded with zeros. Longer text is cut at N bytes.
template <std::size_t N>
struct Text {
  char bytes[N];

  [[nodiscard]] std::string_view view() const { return {bytes, ::strnlen(bytes, N)}; }
  operator std::string_view() const { return view(); }

  Text& operator=(std::string_view text) {
    std::fill(std::copy_n(text.data(), std::min(text.size(), N), bytes), bytes + N, '\0');
    return *this;
  }
};

namespace detail {

template <class T>
struct FieldType;  // an undefined FieldType means: this member's type cannot travel in a described message

template <class T>
  requires std::is_arithmetic_v<T>
struct FieldType<T> {
  static constexpr std::uint32_t kCount = 1;
  static constexpr std::uint32_t kType = [] {
    if constexpr (std::is_same_v<T, bool>) return STEADY_BOOL;
    else if constexpr (std::is_same_v<T, char>) return STEADY_CHAR;
    else if constexpr (std::is_same_v<T, float>) return STEADY_F32;
    else if constexpr (std::is_same_v<T, double>) return STEADY_F64;
    else if constexpr (std::is_signed_v<T>)
      return sizeof(T) == 1 ? STEADY_I8 : sizeof(T) == 2 ? STEADY_I16 : sizeof(T) == 4 ? STEADY_I32 : STEADY_I64;
    else return sizeof(T) == 1 ? STEADY_U8 : sizeof(T) == 2 ? STEADY_U16 : sizeof(T) == 4 ? STEADY_U32 : STEADY_U64;
  }();
};
template <class T>
  requires std::is_enum_v<T>
struct FieldType<T> : FieldType<std::underlying_type_t<T>> {};
template <class T, std::size_t N>
struct FieldType<T[N]> {
  static constexpr std::uint32_t kCount = N;
  static constexpr std::uint32_t kType = FieldType<T>::kType;
};
template <class T, std::size_t N>
struct FieldType<std::array<T, N>> : FieldType<T[N]> {};
template <std::size_t N>
struct FieldType<Text<N>> : FieldType<char[N]> {};

/// Where a member lies, without an object of the struct.
template <class T, class Member>
std::uint32_t offset_of(Member T::*member) {
  alignas(T) static unsigned char storage[sizeof(T)];
  const auto* const object = reinterpret_cast<const T*>(storage);
  const auto* const address = reinterpret_cast<const unsigned char*>(&(object->*member));
  return static_cast<std::uint32_t>(address - storage);
}

/// "ns::Number" as the compiler spells it, without the namespace.
template <class T>
constexpr std::string_view type_name() {
  std::string_view name = __PRETTY_FUNCTION__;  // "... [with T = ns::Number; ...]" or "... [T = ns::Number]"
  name.remove_prefix(name.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  const auto colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

/// type_name with a terminating zero, as the C contract wants it.
template <class T>
const char* type_name_c() {
  static const auto name = [] {
    std::array<char, 128> text{};
    const std::string_view full = type_name<T>();
    full.copy(text.data(), text.size() - 1);
    return text;
  }();
  return name.data();
}

template <class T>
const steady_message& describe_message() {
  static_assert(std::is_trivially_copyable_v<T>, "a message travels as bytes: it must be trivially copyable");
  static_assert(alignof(T) <= 64, "a message is aligned to at most 64 bytes");
  if constexpr (boost::describe::has_describe_members<T>::value) {
    using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
    static constexpr std::size_t kCount = boost::mp11::mp_size<Members>::value;
    static const auto fields = [] {
      std::array<steady_field, kCount> made{};
      std::size_t index = 0;
      boost::mp11::mp_for_each<Members>([&](auto member) {
        using Value = std::remove_reference_t<decltype(std::declval<T&>().*member.pointer)>;
        made[index++] = {member.name, FieldType<Value>::kType, offset_of(member.pointer), FieldType<Value>::kCount};
      });
      return made;
    }();
    static const steady_message message{type_name_c<T>(), sizeof(T), alignof(T), fields.data(), kCount};
    return message;
  } else {
    static const steady_message message{type_name_c<T>(), sizeof(T), alignof(T), nullptr, 0};
    return message;
  }
}

}  // namespace detail
}  // namespace steady
