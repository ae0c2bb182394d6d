// Reads a line from left to right. Every function takes what it recognises off the front, or nothing and says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "logs/record.hpp"

namespace steady::logs {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool next_is(char character) const { return rest_.starts_with(character); }

  bool skip(char character);
  bool skip(std::string_view text);
  /// A number of `least` to `most` digits (nine at most), not above `largest`.
  std::optional<std::uint32_t> number(std::size_t least, std::size_t most, std::uint32_t largest);
  /// "Jan" to "Dec", as 1 to 12.
  std::optional<std::uint32_t> month();
  /// Everything before the next of `ends`, which stays; at least one character, and `ends` must come.
  std::optional<std::string_view> until(std::string_view ends);

 private:
  std::string_view rest_;
};

/// A point in time as a log writes it. Year 0: the format has none.
struct LogTime {
  std::uint32_t year = 0;
  std::uint32_t month = 0;
  std::uint32_t day = 0;
  std::uint32_t hour = 0;
  std::uint32_t minute = 0;
  std::uint32_t second = 0;
};

/// "06:55:46" into `time`.
bool scan_clock(Scanner& scanner, LogTime& time);

/// ".123456" in microseconds: further digits are dropped, missing ones are zero. No dot: 0.
std::optional<std::uint32_t> scan_fraction(Scanner& scanner);

/// "2005-12-04 04:47:44", or "12-04 04:47:44" without a year.
[[nodiscard]] Text<20> written(const LogTime& time);

}  // namespace steady::logs
