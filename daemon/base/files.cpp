#include "base/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/units.hpp"

namespace steady {

Result<UniqueFd> open_file(const std::string& path, int flags, unsigned mode) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return fail_errno(path);
  return fd;
}

Result<std::string> read_file(const std::string& path, std::uint64_t limit_bytes) {
  auto fd = open_file(path, O_RDONLY | O_NONBLOCK);  // O_NONBLOCK: opening a FIFO must not hang
  if (!fd) return tl::unexpected(std::move(fd.error()));
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return fail_errno(path);
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::Invalid, path + ": is a directory, expected a file");
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::Invalid, path + ": is not a regular file");
  const auto too_large = [&] {
    return fail(ErrorCode::Invalid, path + ": is larger than " + format_size(limit_bytes) + "B");
  };
  if (static_cast<std::uint64_t>(status.st_size) > limit_bytes) return too_large();
  std::string content;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t count = ::read(fd->get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(path);
    if (count == 0) return content;
    content.append(buffer, static_cast<std::size_t>(count));
    if (content.size() > limit_bytes) return too_large();
  }
}

Status make_directories(const std::string& path) {
  std::string prefix;
  for (const auto& part : std::filesystem::path(path)) {
    prefix = prefix.empty() ? part.string() : (std::filesystem::path(prefix) / part).string();
    if (prefix.empty() || prefix == "/") continue;
    if (::mkdir(prefix.c_str(), 0700) == 0) continue;
    const int number = errno;
    struct stat status {};
    if (::stat(prefix.c_str(), &status) == 0) {
      if (S_ISDIR(status.st_mode)) continue;
      return fail(ErrorCode::Invalid, prefix + ": is a file, expected a directory");
    }
    return fail_errno(prefix, number);
  }
  return {};
}

}  // namespace steady
