#include "base/log_format.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace steady::log {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

// ---- human

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == 0x7f) return true;
  return false;
}

void append_quoted(std::string& line, std::string_view value) {
  line += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (byte < ' ' || byte == 0x7f) {
      line += "\\x";
      line += kHex[byte >> 4];
      line += kHex[byte & 15];
    } else {
      line += c;
    }
  }
  line += '"';
}

// ---- json

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

/// Bytes of a character by its first one; 0: none begins so.
std::size_t bytes_by_lead(unsigned char lead) {
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/// Bytes of the UTF-8 character that `text` begins with; 0 when it begins with none. By the table of well-formed
/// sequences: no overlong forms, no surrogates, nothing beyond U+10FFFF.
std::size_t character_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t size = bytes_by_lead(lead);
  if (size == 0 || text.size() < size) return 0;
  if (!std::ranges::all_of(text.substr(1, size - 1), &continues)) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool surrogate = lead == 0xed && second > 0x9f;
  const bool too_large = lead == 0xf4 && second > 0x8f;
  return overlong || surrogate || too_large ? 0 : size;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (size == 0) {
      out += "\xef\xbf\xbd";  // U+FFFD
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[0];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte < ' ' || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  out += '"';
}

// ---- journald

char priority_of(Level level) {
  switch (level) {
    case Level::Error:
      return '3';
    case Level::Warn:
      return '4';
    case Level::Info:
      return '6';
    case Level::Debug:
    case Level::Trace:
      break;
  }
  return '7';
}

/// The journal takes capital letters, digits and underscores.
std::string journal_name(std::string_view name) {
  std::string result = "STEADY_";
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool allowed = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    result += lower ? static_cast<char>(c - 'a' + 'A') : allowed ? c : '_';
  }
  return result;
}

void append_actors(std::vector<std::string>& entry, std::string_view names) {
  while (!names.empty()) {
    const auto end = std::min(names.find(','), names.size());
    entry.push_back("ACTOR=" + std::string(names.substr(0, end)));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

}  // namespace

std::string human_text(std::string_view sentence, Fields fields) {
  std::string line(sentence);
  for (const Field& field : fields) {
    line.append("  ").append(field.name) += '=';
    if (needs_quotes(field.value)) {
      append_quoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  return line;
}

std::string json_line(std::chrono::system_clock::time_point at, Level level, std::string_view sentence, Fields fields) {
  std::string line = "{\"time\":\"" + rfc3339(at) + "\",\"level\":\"" + std::string(name_of(level)) + "\",\"message\":";
  append_json_string(line, sentence);
  for (const Field& field : fields) {
    const bool taken = field.name == "time" || field.name == "level" || field.name == "message";
    line += ',';
    append_json_string(line, std::string(field.name) + (taken ? "_" : ""));
    line += ':';
    if (field.is_number)
      line += field.value;
    else
      append_json_string(line, field.value);
  }
  return line + '}';
}

std::vector<std::string> journal_entry(Level level, std::string_view sentence, Fields fields) {
  std::vector<std::string> entry{"MESSAGE=" + human_text(sentence, fields),
                                 std::string("PRIORITY=") + priority_of(level)};
  for (const Field& field : fields) {
    if (field.name == "actor")
      append_actors(entry, field.value);
    else
      entry.push_back(journal_name(field.name) + '=' + field.value);
  }
  return entry;
}

std::string rfc3339(std::chrono::system_clock::time_point at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  const auto micros = std::chrono::floor<std::chrono::microseconds>(at - seconds).count();
  const std::time_t whole = std::chrono::system_clock::to_time_t(seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(whole), micros);
}

std::string_view actor_of(Fields fields) {
  for (const Field& field : fields)
    if (field.name == "actor") return field.value;
  return {};
}

}  // namespace steady::log
