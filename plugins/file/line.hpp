// Where a line ends. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace steady::file {

/// The line, or the piece of a line that is too long, at the front of some bytes.
struct Line {
  std::string_view text;       // without the line's end
  std::uint64_t consumed = 0;  // bytes that it takes up, its end included
  bool cut = false;            // more of the same line follows
};

/// Finds the first line. Its end is "\n" or "\r\n". A line of more than `longest` bytes comes in pieces of `longest`;
/// the last one is never empty. Nothing when the bytes do not settle it and more may come; with `last`, nothing more
/// will come, and what is left counts as a line unless it is empty. The result depends on the bytes alone, however they
/// are portioned.
[[nodiscard]] std::optional<Line> first_line(std::string_view bytes, std::uint64_t longest, bool last);

}  // namespace steady::file
