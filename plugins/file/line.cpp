#include "file/line.hpp"

namespace steady::file {

std::optional<Line> first_line(std::string_view bytes, std::uint64_t longest, bool last) {
  const std::string_view window = bytes.substr(0, longest + 2);  // the longest line and its "\r\n"
  const auto end = window.find('\n');
  if (end != std::string_view::npos) {
    std::string_view text = window.substr(0, end);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.size() <= longest) return Line{text, end + 1, false};
  } else if (window.size() < longest + 2) {
    if (!last || window.empty()) return std::nullopt;
    if (window.size() <= longest) return Line{window, window.size(), false};
  }
  return Line{window.substr(0, longest), longest, true};
}

}  // namespace steady::file
