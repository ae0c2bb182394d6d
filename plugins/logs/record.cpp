#include "logs/record.hpp"

#include <algorithm>

namespace steady::logs {
namespace {

bool same_letter(char found, char lower) {
  return found == lower || (found >= 'A' && found <= 'Z' && found + 32 == lower);
}

bool contains(std::string_view text, std::string_view lower_word) {
  return std::search(text.begin(), text.end(), lower_word.begin(), lower_word.end(), same_letter) != text.end();
}

}  // namespace

std::size_t level_index(std::string_view level) {
  return static_cast<std::size_t>(std::find(kLevels.begin(), kLevels.end(), level) - kLevels.begin());
}

std::string_view minute_of(std::string_view time) {
  return time.substr(0, time.rfind(':'));
}

std::string_view guess_level(std::string_view text) {
  if (contains(text, "error") || contains(text, "fatal") || contains(text, "fail")) return "error";
  return contains(text, "warn") ? "warn" : "info";
}

}  // namespace steady::logs
