#include "file/descriptor.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace steady::file {
namespace {

FileStatus from_stat(const struct stat& info) {
  return {{info.st_dev, info.st_ino}, static_cast<std::uint64_t>(info.st_size), S_ISREG(info.st_mode)};
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int Descriptor::release() {
  return std::exchange(fd_, -1);
}

FileStatus status_of(const Descriptor& file, const std::string& path) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw os_error("look at", path);
  return from_stat(info);
}

std::optional<FileStatus> status_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return from_stat(info);
}

std::optional<std::string> find_beside(const std::string& path, std::uint64_t inode) {
  std::error_code error;
  auto directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto status = status_at(entry->path().string());
    if (status && status->regular && status->id.inode == inode) return entry->path().string();
  }
  return std::nullopt;
}

std::size_t read_at(const Descriptor& file, const std::string& path, char* into, std::size_t size,
                    std::uint64_t offset) {
  for (;;) {
    const ssize_t got = ::pread(file.get(), into, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw os_error("read", path);
  }
}

std::system_error os_error(std::string_view action, const std::string& path) {
  return {errno, std::generic_category(), "cannot " + std::string(action) + " " + path};
}

}  // namespace steady::file
