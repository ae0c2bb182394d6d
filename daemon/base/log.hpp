// steadyd's own log: one sentence and its fields per line, on stderr or to the journal; the last lines also stay in
// memory. Internally synchronized.
//
// Levels are promises to the operator: error = someone must act; warn = handled, but look; info = an operator's action
// or a change of state is complete; debug = for developers.
#pragma once

#include <sys/uio.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/log_recent.hpp"
#include "base/result.hpp"

namespace steady::log {

/// One `name=value` at the end of a line. Values with blanks or control characters are quoted and escaped.
struct Field {
  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const char* text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Field(std::string_view field_name, Number number)
      : name(field_name), value(std::to_string(number)), is_number(std::isfinite(static_cast<double>(number))) {}

  std::string_view name;
  std::string value;
  bool is_number = false;  ///< `value` is a number as JSON writes it
};
using Fields = std::initializer_list<Field>;

/// How lines are written. Human: a text for people on stderr. Json: one object per line on stderr. Journald: entries of
/// the journal, each field by its name. Auto: Journald when stderr is the journal's own stream, else Human.
enum class Format { Auto, Human, Json, Journald };

/// Hands one entry to the journal; negative when it did not take it. As sd_journal_sendv().
using JournalSend = int (*)(const iovec* fields, int count);

/// From the next line on; Human before the first call. `send` is null when there is no journal: then Auto means Human.
/// A line that the journal does not take goes to stderr.
/// Errors: NotFound for Journald without a journal; the format stays as it was.
Status set_format(Format format, JournalSend send);
/// Errors: Invalid for a format that is none of auto, human, json, journald.
[[nodiscard]] Result<Format> parse_format(std::string_view format);
/// What is in effect; never Auto.
[[nodiscard]] Format format();

/// Call once, before the first line. Errors: Invalid for a level that is none of trace, debug, info, warn, error.
Status set_level(std::string_view level);
[[nodiscard]] Result<Level> parse_level(std::string_view level);

/// The last lines that were written, at most 5000 and 4 MiB of them: of one actor, or with "" of all; the newest
/// `limit`, or the oldest `limit` of those behind line number `after`.
[[nodiscard]] Recent::Found recent(std::string_view actor, std::optional<std::uint64_t> after, std::size_t limit);

void write(Level level, std::string_view sentence, Fields fields = {});

inline void debug(std::string_view sentence, Fields fields = {}) { write(Level::Debug, sentence, fields); }
inline void info(std::string_view sentence, Fields fields = {}) { write(Level::Info, sentence, fields); }
inline void warn(std::string_view sentence, Fields fields = {}) { write(Level::Warn, sentence, fields); }
inline void error(std::string_view sentence, Fields fields = {}) { write(Level::Error, sentence, fields); }

}  // namespace steady::log
