#include "control/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace steady::control {
namespace {

constexpr int kBacklog = 64;

Result<sockaddr_un> address_of(const std::string& path) {
  if (path.empty() || path.size() > kPathBytesMax || path.find('\0') != std::string::npos)
    return fail(ErrorCode::Invalid, "the socket path \"" + path + "\" must have 1 to " + std::to_string(kPathBytesMax) +
                                        " bytes; a shorter --socket helps");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<UniqueFd> new_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  return fd;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// Asks the socket file itself: only a listening process lets anyone connect, or has a backlog to fill.
Result<bool> is_alive(const sockaddr_un& address) {
  auto probe = new_socket();
  if (!probe) return tl::unexpected<Error>(probe.error());
  if (::connect(probe->get(), generic(address), sizeof address) == 0 || errno == EAGAIN) return true;
  if (errno == ECONNREFUSED || errno == ENOENT) return false;
  return fail_errno(address.sun_path);
}

Status clear_the_way(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno(path);
  }
  if (!S_ISSOCK(status.st_mode)) return fail(ErrorCode::Invalid, path + " exists and is no socket");
  auto alive = is_alive(address);
  if (!alive) return tl::unexpected<Error>(alive.error());
  if (*alive) return fail(ErrorCode::Busy, path + ": another steadyd answers here");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("removing the stale " + path);
  return {};
}

/// The mode must be right from the file's first instant, hence umask and not chmod.
Status bind_owner_only(int fd, const std::string& path, const sockaddr_un& address) {
  const mode_t before = ::umask(0177);
  const int bound = ::bind(fd, generic(address), sizeof address);
  const int error = errno;
  ::umask(before);
  if (bound != 0) return fail_errno(path, error);
  return {};
}

}  // namespace

Result<ListeningSocket> listen_on(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected<Error>(address.error());
  if (auto status = clear_the_way(path, *address); !status) return tl::unexpected<Error>(status.error());

  auto fd = new_socket();
  if (!fd) return tl::unexpected<Error>(fd.error());
  if (auto status = bind_owner_only(fd->get(), path, *address); !status) return tl::unexpected<Error>(status.error());
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno(path);
  ListeningSocket socket{std::move(*fd), path, status.st_dev, status.st_ino};
  if (::listen(socket.fd.get(), kBacklog) != 0) {
    const int error = errno;
    remove_file(socket);
    return fail_errno(path, error);
  }
  return socket;
}

void remove_file(const ListeningSocket& socket) {
  struct stat status {};
  if (::lstat(socket.path.c_str(), &status) != 0) return;
  if (status.st_dev == socket.device && status.st_ino == socket.inode) ::unlink(socket.path.c_str());
}

Result<uid_t> peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return fail_errno("SO_PEERCRED");
  return credentials.uid;
}

}  // namespace steady::control
