#include "control/ctl/logs.hpp"

#include <fmt/format.h>

#include "control/ctl/fields.hpp"

namespace steady::control {
namespace {

using nlohmann::json;

Colour colour_of_level(const std::string& level) {
  if (level == "error") return Colour::Red;
  if (level == "warn") return Colour::Yellow;
  return level == "info" ? Colour::Green : Colour::Grey;
}

/// Lines are not cut: who reads a log wants all of it.
std::string line_of(const json& line, const Screen& screen) {
  const auto level = printable(text_of(line, "level"));
  const std::string padding(level.size() < 5 ? 5 - level.size() : 0, ' ');
  return fmt::format("{} {}{} {}", printable(text_of(line, "at")),
                     painted(level, colour_of_level(level), screen.colours), padding,
                     printable_lines(text_of(line, "text") + '\n'));
}

}  // namespace

std::string render_logs(const json& answer, const Screen& screen) {
  std::string text;
  if (const auto dropped = count_of(answer, "dropped"); dropped > 0)
    text += painted(fmt::format("... {} lines are no longer kept ...", dropped), Colour::Grey, screen.colours) + '\n';
  for (const auto& line : member(answer, "lines")) text += line_of(line, screen);
  return text;
}

}  // namespace steady::control
