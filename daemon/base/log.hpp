// steadyd's own log: one sentence and its fields per line, on stderr. Internally synchronized.
//
// Levels are promises to the operator: error = someone must act; warn = handled, but look; info = an operator's action
// or a change of state is complete; debug = for developers.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace steady::log {

enum class Level { Trace, Debug, Info, Warn, Error };

/// One `name=value` at the end of a line. Values with blanks or control characters are quoted and escaped.
struct Field {
  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const char* text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Field(std::string_view field_name, Number number) : name(field_name), value(std::to_string(number)) {}

  std::string_view name;
  std::string value;
};
using Fields = std::initializer_list<Field>;

/// Call once, before the first line. Errors: Invalid for a level that is none of trace, debug, info, warn, error.
Status set_level(std::string_view level);
[[nodiscard]] Result<Level> parse_level(std::string_view level);

void write(Level level, std::string_view sentence, Fields fields = {});

inline void debug(std::string_view sentence, Fields fields = {}) { write(Level::Debug, sentence, fields); }
inline void info(std::string_view sentence, Fields fields = {}) { write(Level::Info, sentence, fields); }
inline void warn(std::string_view sentence, Fields fields = {}) { write(Level::Warn, sentence, fields); }
inline void error(std::string_view sentence, Fields fields = {}) { write(Level::Error, sentence, fields); }

}  // namespace steady::log
