#include "control/ctl/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace steady::control {
namespace {

constexpr std::size_t kGap = 2;

std::string_view escape_of(Colour colour) {
  switch (colour) {
    case Colour::Green:
      return "\x1b[32m";
    case Colour::Yellow:
      return "\x1b[33m";
    case Colour::Orange:
      return "\x1b[38;5;208m";
    case Colour::Red:
      return "\x1b[31m";
    case Colour::Grey:
      return "\x1b[90m";
    case Colour::None:
      break;
  }
  return "";
}

/// False for the second and later bytes of a UTF-8 character.
bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

/// Columns that a UTF-8 text takes, counting one per character: right for everything but wide scripts.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), &starts_character));
}

std::string aligned(const Cell& cell, std::size_t width) {
  const std::string padding(width - width_of(cell.text), ' ');
  return cell.right ? padding + cell.text : cell.text + padding;
}

std::string line_of(const Row& row, const std::vector<std::size_t>& widths, const Screen& screen) {
  std::string line;
  std::size_t room = screen.width;
  for (std::size_t column = 0; column < row.size() && room > 0; ++column) {
    const Cell& cell = row[column];
    const bool last = column + 1 == row.size();
    const auto text = clipped(last && !cell.right ? cell.text : aligned(cell, widths[column]), room);
    line += painted(text, cell.colour, screen.colours);
    room -= width_of(text);
    const auto gap = std::min(room, last ? 0 : kGap);
    line.append(gap, ' ');
    room -= gap;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::vector<std::size_t> widths_of(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], width_of(row[column].text));
  }
  return widths;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // C2 80 to C2 9F are the control characters of the upper half; a terminal may obey them too.
    const bool upper = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (upper) ++i;
    result += upper || byte < ' ' || byte == 0x7f ? ' ' : text[i];
  }
  return result;
}

std::string printable_lines(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    result += printable(text.substr(0, end)) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string painted(std::string_view text, Colour colour, bool colours) {
  if (!colours || colour == Colour::None || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_of(colour), text);
}

std::string render_table(const std::vector<std::string>& header, const std::vector<Row>& rows, const Screen& screen) {
  std::vector<Row> all(1);
  for (const auto& title : header) all.front().push_back({title, Colour::Grey});
  all.insert(all.end(), rows.begin(), rows.end());
  for (Row& row : all)
    for (Cell& cell : row) cell.text = printable(cell.text);
  if (!rows.empty())  // a title stands where its column's values stand
    for (std::size_t column = 0; column < std::min(header.size(), rows.front().size()); ++column)
      all.front()[column].right = rows.front()[column].right;

  const auto widths = widths_of(all);
  std::string text;
  for (const Row& row : all) text += line_of(row, widths, screen) + '\n';
  return text;
}

std::string clipped(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  if (width == 0) return "";
  std::size_t end = 0;  // where the first character begins that has to go
  for (std::size_t characters = 0; !starts_character(text[end]) || ++characters < width;) ++end;
  return std::string(text.substr(0, end)) + "…";
}

std::string seconds_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::max(0.0, std::ceil(seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 86400, whole / 3600 % 24);
}

std::string count_text(double count) {
  if (count < 10'000) return fmt::format("{:.0f}", count);
  constexpr std::array kUnits{"k", "M", "G", "T", "P", "E"};
  std::size_t unit = 0;
  for (count /= 1000; count >= 999.5 && unit + 1 < kUnits.size(); ++unit) count /= 1000;
  return fmt::format("{:.{}f} {}", count, count < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string rate_text(double per_second) {
  if (per_second > 0 && per_second < 9.95) return fmt::format("{:.1f}/s", per_second);
  return count_text(per_second) + "/s";
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit > 0 && value < 10 ? fmt::format("{:.1f} {}", value, kUnits[unit])
                                : fmt::format("{:.0f} {}", value, kUnits[unit]);
}

}  // namespace steady::control
