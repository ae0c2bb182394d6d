#include "config/names.hpp"

#include <algorithm>

namespace steady::config {
namespace {

constexpr std::size_t kLongestName = 63;
constexpr std::size_t kLongestQuote = 60;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_rest(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

/// Cuts between characters, never inside one: a continuation byte of UTF-8 looks like 10xxxxxx.
std::string_view cut(std::string_view text) {
  if (text.size() <= kLongestQuote) return text;
  std::size_t end = kLongestQuote;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && is_letter(text.front()) && std::ranges::all_of(text, is_rest);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string printable(std::string_view text) {
  const std::string_view shown = cut(text);
  std::string out;
  for (const char c : shown) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return shown.size() < text.size() ? out + "..." : out;
}

std::string quote(std::string_view text) {
  return "'" + printable(text) + "'";
}

}  // namespace steady::config
