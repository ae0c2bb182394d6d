// What a log line says, whatever its format; and what is counted of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <steady/message.hpp>
#include <string_view>

namespace steady::logs {

/// One log line. All times are the log's own; nothing is converted.
struct Record {
  Text<20> time;   // "2005-12-04 04:47:44", or "12-10 06:55:46" where the format has no year
  Text<12> level;  // one of kLevels
  Text<48> host;
  Text<40> program;   // Apache: the module
  Text<8> zone;       // "Z" or "+02:00" where the format has it
  std::uint32_t pid;  // 0: none
  std::uint32_t microsecond;
  std::uint32_t text_length;  // bytes of the whole text, of which `text` holds the first
  Text<244> text;
};
BOOST_DESCRIBE_STRUCT(Record, (), (time, level, host, program, zone, pid, microsecond, text_length, text))

/// How many records of one level one minute had.
struct Summary {
  Text<20> minute;  // "2005-12-04 04:47" or "12-10 06:55"
  Text<12> level;   // one of kLevels, or "other"
  std::uint64_t count;
};
BOOST_DESCRIBE_STRUCT(Summary, (), (minute, level, count))

/// The levels, most urgent first: the order of their numbers in RFC 5424.
inline constexpr std::array<std::string_view, 8> kLevels{"emerg", "alert",  "crit", "error",
                                                         "warn",  "notice", "info", "debug"};

/// The index in kLevels; kLevels.size() when it is none of them.
[[nodiscard]] std::size_t level_index(std::string_view level);

/// A record's time without the seconds.
[[nodiscard]] std::string_view minute_of(std::string_view time);

/// For lines that name no level: "error" if the text contains error, fatal or fail in any case, else "warn" if it
/// contains warn, else "info".
[[nodiscard]] std::string_view guess_level(std::string_view text);

}  // namespace steady::logs
