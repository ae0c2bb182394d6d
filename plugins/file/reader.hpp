// Reads one open file from some offset on, in large chunks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "file/descriptor.hpp"

namespace steady::file {

/// A hash over the first bytes that were read of a file. It tells a file that grew from one that was rewritten.
/// Trivially copyable: it is kept in the state.
struct Fingerprint {
  static constexpr std::uint64_t kLongest = 256;

  std::uint64_t begin = 0;   // where in the file
  std::uint64_t length = 0;  // up to kLongest bytes
  std::uint64_t hash = 0xcbf29ce484222325;

  /// Takes in bytes that follow those taken in so far; from kLongest on it ignores them.
  void add(std::string_view bytes);
};

class Reader {
 public:
  Reader() = default;
  Reader(Descriptor file, std::string path, std::uint64_t offset);

  [[nodiscard]] bool is_open() const { return static_cast<bool>(file_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] FileStatus status() const { return status_of(file_, path_); }
  /// Whether the file still has these bytes there. Throws std::system_error, like all that follow.
  [[nodiscard]] bool matches(const Fingerprint& print) const;

  /// Reads the next chunk behind what is buffered. False at the end of the file.
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
