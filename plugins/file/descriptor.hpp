// The little of POSIX that files need: an owned descriptor, which file it is, and errors that name the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace steady::file {

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();

 private:
  int fd_;
};

/// Which file it is, whatever it is called. The number of a deleted file may be given to a new one.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};

struct FileStatus {
  FileId id;
  std::uint64_t size = 0;
  bool regular = false;
};

/// Throws std::system_error.
[[nodiscard]] FileStatus status_of(const Descriptor& file, const std::string& path);

/// Empty when there is no such file, or no way to tell.
[[nodiscard]] std::optional<FileStatus> status_at(const std::string& path);

/// Where in the directory of `path` a file with this number lies, under any name.
[[nodiscard]] std::optional<std::string> find_beside(const std::string& path, std::uint64_t inode);

/// Reads up to `size` bytes at `offset`; 0 at the end of the file. Throws std::system_error.
[[nodiscard]] std::size_t read_at(const Descriptor& file, const std::string& path, char* into, std::size_t size,
                                  std::uint64_t offset);

/// "cannot write /var/x: No space left on device", from errno.
[[nodiscard]] std::system_error os_error(std::string_view action, const std::string& path);

}  // namespace steady::file
