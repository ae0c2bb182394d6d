#include "process/stage.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/files.hpp"

namespace steady::process {
namespace {

Status copy(int from, int to, const std::string& path) {
  char buffer[256 * 1024];
  for (;;) {
    const ssize_t count = ::read(from, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(path);
    if (count == 0) return {};
    for (ssize_t written = 0; written < count;) {
      const ssize_t more = ::write(to, buffer + written, static_cast<std::size_t>(count - written));
      if (more < 0) return fail_errno("copying " + path);
      written += more;
    }
  }
}

}  // namespace

Result<FileIdentity> identify(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return fail_errno(path);
  return FileIdentity{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
                      static_cast<std::int64_t>(status.st_ctim.tv_sec) * 1'000'000'000 + status.st_ctim.tv_nsec};
}

Result<UniqueFd> stage(const std::string& path) {
  auto source = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!source) return tl::unexpected(std::move(source.error()));
  struct stat status {};
  if (::fstat(source->get(), &status) != 0) return fail_errno(path);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::Invalid, path + ": is no regular file");
  const std::string name = std::filesystem::path(path).filename().string();
  UniqueFd memory(::memfd_create(name.substr(0, 200).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return fail_errno("memfd_create");
  if (auto copied = copy(source->get(), memory.get(), path); !copied) return tl::unexpected(std::move(copied.error()));
  // F_SEAL_FUTURE_WRITE, not F_SEAL_WRITE: they refuse the same where nothing has mapped the memory yet, but F_SEAL_WRITE
  // waits until the kernel itself holds no page of it, and gives up with EBUSY after 150 ms on a busy machine.
  if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0)
    return fail_errno("sealing the copy of " + path);
  return memory;
}

}  // namespace steady::process
