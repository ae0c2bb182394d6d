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
    case Colour::Red:
      return "\x1b[31m";
    case Colour::Grey:
      return "\x1b[90m";
    case Colour::None:
      break;
  }
  return "";
}

/// Columns that a UTF-8 text takes, counting one per character: right for everything but wide scripts.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string aligned(const Cell& cell, std::size_t width, bool last, bool colours) {
  const std::string padding(width - width_of(cell.text), ' ');
  const std::string text = painted(cell.text, cell.colour, colours);
  if (cell.right) return padding + text;
  return last ? text : text + padding;
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

std::string painted(std::string_view text, Colour colour, bool colours) {
  if (!colours || colour == Colour::None || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_of(colour), text);
}

std::string render_table(const std::vector<std::string>& header, const std::vector<Row>& rows, bool colours) {
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
  for (const Row& row : all) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (column > 0) line.append(kGap, ' ');
      line += aligned(row[column], widths[column], column + 1 == row.size(), colours);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string seconds_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::max(0.0, std::ceil(seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 86400, whole / 3600 % 24);
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
