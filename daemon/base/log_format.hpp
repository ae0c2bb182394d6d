// How a line of the log is written, by format. Pure functions; any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"

namespace steady::log {

/// The sentence, then `name=value` for each field, values with blanks or control characters quoted and escaped.
[[nodiscard]] std::string human_text(std::string_view sentence, Fields fields);

/// One JSON object without a newline: "time", "level", "message", then the fields; numbers as numbers. Bytes that are
/// no UTF-8 become U+FFFD. A field with one of the three names gets an underscore behind it.
[[nodiscard]] std::string json_line(std::chrono::system_clock::time_point at, Level level, std::string_view sentence,
                                    Fields fields);

/// "NAME=value" each: MESSAGE (the human text), PRIORITY as of syslog, ACTOR for each actor that it is about, and
/// STEADY_NAME for each other field.
[[nodiscard]] std::vector<std::string> journal_entry(Level level, std::string_view sentence, Fields fields);

/// "2026-01-31T12:00:00.123456Z"
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point at);

/// The value of the field `actor`, or nothing.
[[nodiscard]] std::string_view actor_of(Fields fields);

}  // namespace steady::log
