// Plain text for a terminal: aligned columns, colours, numbers for people. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace steady::control {

enum class Colour { None, Green, Yellow, Red, Grey };

struct Cell {
  std::string text;
  Colour colour = Colour::None;
  bool right = false;  ///< numbers stand at the right edge of their column
};
using Row = std::vector<Cell>;

/// The header and the rows, each on a line of its own; the last column is not padded. With `colours` off no escape
/// sequence is written. Control characters in cells become blanks: names and notes come from plugins.
[[nodiscard]] std::string render_table(const std::vector<std::string>& header, const std::vector<Row>& rows,
                                       bool colours);

/// The text in a colour, or as it is.
[[nodiscard]] std::string painted(std::string_view text, Colour colour, bool colours);

/// The text without anything that could move a terminal's cursor.
[[nodiscard]] std::string printable(std::string_view text);

/// "42 s", "3 min 5 s", "2 h 0 min", "5 d 3 h".
[[nodiscard]] std::string seconds_text(double seconds);

/// "512 B", "1.5 KiB", "80 MiB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace steady::control
