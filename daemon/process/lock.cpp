#include "process/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <thread>

#include "base/files.hpp"
#include "base/units.hpp"

namespace steady::process {
namespace {

constexpr std::chrono::milliseconds kLookAgain(2);
/// A steadyd that is killed while it starts a worker leaves a child that has forked and not yet exec'd, and that holds
/// the lock until then.
constexpr std::chrono::milliseconds kLastForkLimit(1000);

std::string workers_path(const std::string& directory) { return directory + "/workers.lock"; }

}  // namespace

Result<UniqueFd> lock_directory(const std::string& directory) {
  const std::string path = directory + "/steadyd.lock";
  auto fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (!fd) return fd;
  const auto until = std::chrono::steady_clock::now() + kLastForkLimit;
  while (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(path);
    if (std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(kLookAgain);
      continue;
    }
    char pid[32] = {};
    const ssize_t count = ::pread(fd->get(), pid, sizeof pid - 1, 0);
    return fail(ErrorCode::Busy, directory + ": another steadyd" +
                                     (count > 0 ? " (process " + std::string(pid) + ")" : std::string()) +
                                     " runs on this directory");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd->get(), 0) != 0 || ::pwrite(fd->get(), pid.data(), pid.size(), 0) < 0) return fail_errno(path);
  return fd;
}

Status wait_for_workers(const std::string& directory, std::chrono::milliseconds limit) {
  auto fd = open_file(workers_path(directory), O_RDWR | O_CREAT | O_NOFOLLOW);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  const auto until = std::chrono::steady_clock::now() + limit;
  while (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(workers_path(directory));
    if (std::chrono::steady_clock::now() > until)
      return fail(ErrorCode::Timeout, directory + ": workers of an earlier steadyd are still alive after " +
                                          format_duration(limit));
    std::this_thread::sleep_for(kLookAgain);
  }
  return {};  // released with the descriptor; lock_directory keeps others away
}

Result<UniqueFd> worker_lock(const std::string& directory) {
  auto fd = open_file(workers_path(directory), O_RDWR | O_CREAT | O_NOFOLLOW);
  if (!fd) return fd;
  if (::flock(fd->get(), LOCK_SH | LOCK_NB) != 0) return fail_errno(workers_path(directory));
  return fd;
}

}  // namespace steady::process
