#include "logs/scanner.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace steady::logs {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

}  // namespace

bool Scanner::skip(char character) {
  return skip(std::string_view(&character, 1));
}

bool Scanner::skip(std::string_view text) {
  if (!rest_.starts_with(text)) return false;
  rest_.remove_prefix(text.size());
  return true;
}

std::optional<std::uint32_t> Scanner::number(std::size_t least, std::size_t most, std::uint32_t largest) {
  std::size_t digits = 0;
  std::uint32_t value = 0;
  while (digits < most && digits < rest_.size() && is_digit(rest_[digits]))
    value = value * 10 + static_cast<std::uint32_t>(rest_[digits++] - '0');
  if (digits < least || value > largest) return std::nullopt;
  rest_.remove_prefix(digits);
  return value;
}

std::optional<std::uint32_t> Scanner::month() {
  const auto found = std::find(kMonths.begin(), kMonths.end(), rest_.substr(0, 3));
  if (found == kMonths.end()) return std::nullopt;
  rest_.remove_prefix(3);
  return static_cast<std::uint32_t>(found - kMonths.begin()) + 1;
}

std::optional<std::string_view> Scanner::until(std::string_view ends) {
  const auto length = rest_.find_first_of(ends);
  if (length == std::string_view::npos || length == 0) return std::nullopt;
  const auto token = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return token;
}

bool scan_clock(Scanner& scanner, LogTime& time) {
  const auto hour = scanner.number(2, 2, 23);
  if (!hour || !scanner.skip(':')) return false;
  const auto minute = scanner.number(2, 2, 59);
  if (!minute || !scanner.skip(':')) return false;
  const auto second = scanner.number(2, 2, 60);  // 60: a leap second
  if (!second) return false;
  time.hour = *hour;
  time.minute = *minute;
  time.second = *second;
  return true;
}

std::optional<std::uint32_t> scan_fraction(Scanner& scanner) {
  if (!scanner.skip('.')) return 0;
  std::uint32_t microsecond = 0;
  std::size_t digits = 0;
  for (; const auto digit = scanner.number(1, 1, 9); ++digits)
    if (digits < 6) microsecond = microsecond * 10 + *digit;
  if (digits == 0) return std::nullopt;
  for (; digits < 6; ++digits) microsecond *= 10;
  return microsecond;
}

Text<20> written(const LogTime& time) {
  std::array<char, 64> text{};
  const int year = time.year == 0 ? 0 : std::snprintf(text.data(), text.size(), "%04u-", time.year);
  const auto used = static_cast<std::size_t>(year);
  std::snprintf(text.data() + used, text.size() - used, "%02u-%02u %02u:%02u:%02u", time.month, time.day, time.hour,
                time.minute, time.second);
  Text<20> result;
  result = std::string_view(text.data());
  return result;
}

}  // namespace steady::logs
