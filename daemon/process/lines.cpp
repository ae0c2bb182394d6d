#include "process/lines.hpp"

namespace steady::process {

void Lines::feed(std::string_view bytes, const std::function<void(std::string_view)>& on_line) {
  for (;;) {
    const auto end = bytes.find('\n');
    const bool complete = end != std::string_view::npos;
    rest_.append(bytes.substr(0, end));
    while (rest_.size() > longest_bytes_) {
      on_line(std::string_view(rest_).substr(0, longest_bytes_));
      rest_.erase(0, longest_bytes_);
    }
    if (!complete) return;
    on_line(rest_);
    rest_.clear();
    bytes.remove_prefix(end + 1);
  }
}

void Lines::finish(const std::function<void(std::string_view)>& on_line) {
  if (!rest_.empty()) on_line(rest_);
  rest_.clear();
}

}  // namespace steady::process
