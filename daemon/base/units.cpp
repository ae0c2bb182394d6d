#include "base/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>

namespace steady {
namespace {

struct Unit {
  std::string_view suffix;
  std::uint64_t factor;
};

constexpr std::array kDurationUnits{
    Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},        Unit{"us", 1'000},         Unit{"ns", 1},
};
constexpr std::array kSizeUnits{
    Unit{"", 1},          Unit{"k", 1'000},     Unit{"M", 1'000'000},   Unit{"G", 1'000'000'000},
    Unit{"Ki", 1U << 10}, Unit{"Mi", 1U << 20}, Unit{"Gi", 1ULL << 30},
};

/// "1.5ms", taken apart.
struct Quantity {
  std::uint64_t whole = 0;
  std::optional<double> fractional;  ///< the number when it is no whole one
  std::string_view suffix;
};

/// Nothing when `text` does not begin with a number.
std::optional<Quantity> split(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const char* const end = text.data() + text.size();
  const auto rest_from = [&](const char* begin) {
    return std::string_view(begin, static_cast<std::size_t>(end - begin));
  };
  Quantity quantity;
  const auto integer = std::from_chars(text.data(), end, quantity.whole);
  if (integer.ec == std::errc{} && (integer.ptr == end || *integer.ptr != '.')) {
    quantity.suffix = rest_from(integer.ptr);
    return quantity;
  }
  const auto real = std::from_chars(text.data(), end, quantity.fractional.emplace(), std::chars_format::fixed);
  if (real.ec != std::errc{}) return std::nullopt;
  quantity.suffix = rest_from(real.ptr);
  return quantity;
}

/// Number × factor, or nothing when it does not fit the signed 64 bits that every caller can hold.
std::optional<std::uint64_t> scale(const Quantity& quantity, std::uint64_t factor) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (quantity.fractional) {
    const double scaled = std::round(*quantity.fractional * static_cast<double>(factor));
    if (!(scaled < 9.2e18)) return std::nullopt;
    return static_cast<std::uint64_t>(scaled);
  }
  if (quantity.whole > kMax / factor) return std::nullopt;
  return quantity.whole * factor;
}

/// The quantity in the smallest of the units, or nothing when its suffix is none of them or it is too large.
std::optional<std::uint64_t> count_in(std::span<const Unit> units, const std::optional<Quantity>& quantity) {
  if (!quantity) return std::nullopt;
  const auto unit = std::ranges::find(units, quantity->suffix, &Unit::suffix);
  return unit == units.end() ? std::nullopt : scale(*quantity, unit->factor);
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto quantity = split(text);
  if (quantity && !quantity->fractional && quantity->whole == 0 && quantity->suffix.empty())
    return std::chrono::nanoseconds{0};
  const auto nanoseconds = count_in(kDurationUnits, quantity);
  if (!nanoseconds)
    return fail(ErrorCode::Invalid, "expected a duration such as 250us, 20ms, 1.5s or 2m, found '" + std::string(text) + "'");
  return std::chrono::nanoseconds{static_cast<std::int64_t>(*nanoseconds)};
}

Result<std::uint64_t> parse_size(std::string_view text) {
  auto quantity = split(text);
  if (quantity && quantity->suffix.ends_with('B')) quantity->suffix.remove_suffix(1);
  const auto count = count_in(kSizeUnits, quantity);
  if (!count)
    return fail(ErrorCode::Invalid, "expected a size such as 512, 64Ki or 16MiB, found '" + std::string(text) + "'");
  return *count;
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  if (count == 0) return "0s";
  for (const Unit& unit : kDurationUnits)
    if (count % unit.factor == 0) return std::to_string(count / unit.factor) + std::string(unit.suffix);
  return std::to_string(count) + "ns";
}

std::string format_size(std::uint64_t count) {
  if (count != 0 && count % (1ULL << 30) == 0) return std::to_string(count >> 30) + "Gi";
  if (count != 0 && count % (1ULL << 20) == 0) return std::to_string(count >> 20) + "Mi";
  if (count != 0 && count % (1ULL << 10) == 0) return std::to_string(count >> 10) + "Ki";
  return std::to_string(count);
}

}  // namespace steady
