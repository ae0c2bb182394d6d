// Reads one open file from some offset on, in large chunks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "file/descriptor.hpp"

namespace steady::file {

class Reader {
 public:
  Reader() = default;
  Reader(Descriptor file, std::string path, std::uint64_t offset);

  [[nodiscard]] bool is_open() const { return static_cast<bool>(file_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] FileStatus status() const { return status_of(file_, path_); }
  [[nodiscard]] const Descriptor& file() const { return file_; }

  /// Reads the next chunk behind what is buffered. False at the end of the file. Throws std::system_error.
  bool fill();
  /// Bytes read and not consumed. Valid until fill, rewind or destruction.
  [[nodiscard]] std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::uint64_t count) { begin_ += count; }
  /// Forgets what is buffered and goes on at `offset`.
  void rewind(std::uint64_t offset);

 private:
  void make_room();

  Descriptor file_;
  std::string path_;
  std::uint64_t next_ = 0;  // offset in the file behind the buffered bytes
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace steady::file
