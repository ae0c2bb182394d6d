// Cuts a byte stream into lines. A value; no I/O.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace steady::process {

class Lines {
 public:
  /// A line of more than `longest_bytes` is handed on in pieces of that size.
  explicit Lines(std::size_t longest_bytes) : longest_bytes_(longest_bytes) {}

  /// Takes the next bytes; calls `on_line` for each line that is complete, without its newline.
  void feed(std::string_view bytes, const std::function<void(std::string_view)>& on_line);
  /// The stream has ended: what is left is a line too.
  void finish(const std::function<void(std::string_view)>& on_line);

 private:
  std::size_t longest_bytes_;
  std::string rest_;
};

}  // namespace steady::process
