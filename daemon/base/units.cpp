#include "base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
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

/// Splits "1.5ms" into its number and its suffix; false when there is no number.
bool split(std::string_view text, double& number, std::uint64_t& whole, bool& is_whole, std::string_view& suffix) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const char* const end = text.data() + text.size();
  const auto integer = std::from_chars(text.data(), end, whole);
  is_whole = integer.ec == std::errc{} && (integer.ptr == end || *integer.ptr != '.');
  if (is_whole) {
    suffix = {integer.ptr, static_cast<std::size_t>(end - integer.ptr)};
    return true;
  }
  const auto real = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (real.ec != std::errc{}) return false;
  suffix = {real.ptr, static_cast<std::size_t>(end - real.ptr)};
  return true;
}

/// number × factor, or false when it does not fit the signed 64 bits that every caller can hold.
bool scale(double number, std::uint64_t whole, bool is_whole, std::uint64_t factor, std::uint64_t& out) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (is_whole) {
    if (whole > kMax / factor) return false;
    out = whole * factor;
    return true;
  }
  const double scaled = std::round(number * static_cast<double>(factor));
  if (!(scaled < 9.2e18)) return false;
  out = static_cast<std::uint64_t>(scaled);
  return true;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  double number = 0;
  std::uint64_t whole = 0;
  bool is_whole = false;
  std::string_view suffix;
  const auto expected = [&] {
    return fail(ErrorCode::Invalid, "expected a duration such as 250us, 20ms, 1.5s or 2m, found '" + std::string(text) + "'");
  };
  if (!split(text, number, whole, is_whole, suffix)) return expected();
  if (is_whole && whole == 0 && suffix.empty()) return std::chrono::nanoseconds{0};
  for (const Unit& unit : kDurationUnits) {
    if (unit.suffix != suffix) continue;
    std::uint64_t nanoseconds = 0;
    if (!scale(number, whole, is_whole, unit.factor, nanoseconds)) return expected();
    return std::chrono::nanoseconds{static_cast<std::int64_t>(nanoseconds)};
  }
  return expected();
}

Result<std::uint64_t> parse_size(std::string_view text) {
  double number = 0;
  std::uint64_t whole = 0;
  bool is_whole = false;
  std::string_view suffix;
  const auto expected = [&] {
    return fail(ErrorCode::Invalid, "expected a size such as 512, 64Ki or 16MiB, found '" + std::string(text) + "'");
  };
  if (!split(text, number, whole, is_whole, suffix)) return expected();
  if (suffix.ends_with('B')) suffix.remove_suffix(1);
  for (const Unit& unit : kSizeUnits) {
    if (unit.suffix != suffix) continue;
    std::uint64_t count = 0;
    if (!scale(number, whole, is_whole, unit.factor, count)) return expected();
    return count;
  }
  return expected();
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
