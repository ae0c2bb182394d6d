// Plain text for a terminal: aligned columns, colours, numbers for people. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace steady::control {

enum class Colour { None, Green, Yellow, Orange, Red, Grey };

struct Cell {
  std::string text;
  Colour colour = Colour::None;
  bool right = false;  ///< numbers stand at the right edge of their column
};
using Row = std::vector<Cell>;

[[nodiscard]] inline Cell number_cell(std::string text, Colour colour = Colour::None) {
  return {std::move(text), colour, true};
}

/// Where text goes. A terminal has an edge and may have colours; the default, a file or a pipe, has neither.
struct Screen {
  bool colours = false;                                         ///< off: no escape sequence is written
  std::size_t width = std::numeric_limits<std::size_t>::max();  ///< characters per line; longer lines are cut
  std::size_t height = std::numeric_limits<std::size_t>::max();  ///< lines, for what fills the screen
};

/// The header and the rows, each on a line of its own; the last column is not padded. Control characters in cells
/// become blanks: names and notes come from plugins.
[[nodiscard]] std::string render_table(const std::vector<std::string>& header, const std::vector<Row>& rows,
                                       const Screen& screen = {});

/// The text, or as much of it as fits into `width` characters with an ellipsis at its end. UTF-8.
[[nodiscard]] std::string clipped(std::string_view text, std::size_t width);

/// The text in a colour, or as it is.
[[nodiscard]] std::string painted(std::string_view text, Colour colour, bool colours);

/// The text without anything that could move a terminal's cursor.
[[nodiscard]] std::string printable(std::string_view text);

/// The same for a text of several lines, each of which it ends with a newline.
[[nodiscard]] std::string printable_lines(std::string_view text);

/// "42 s", "3 min 5 s", "2 h 0 min", "5 d 3 h".
[[nodiscard]] std::string seconds_text(double seconds);

/// "9999", "42 k", "2.1 G": below ten thousand exact, above it two or three digits.
[[nodiscard]] std::string count_text(double count);

/// "0.5/s", "713 M/s".
[[nodiscard]] std::string rate_text(double per_second);

/// "512 B", "1.5 KiB", "80 MiB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace steady::control
