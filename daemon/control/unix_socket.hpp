// A listening unix stream socket with an owner-only file, made so that a dead daemon's file never stops a new one.
// Loop thread only: the file's mode is set through the process's umask.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace steady::control {

/// The longest path that the kernel takes in a socket address.
inline constexpr std::size_t kPathBytesMax = 107;

/// The socket and the identity of its file, so that only this very file is removed at the end.
struct ListeningSocket {
  UniqueFd fd;
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;
};

/// Binds `path` with mode 0600 and listens, non-blocking. Errors: as Server::create.
/// Two daemons that start at the same instant are kept apart by the lock on their runtime directory, not by this.
[[nodiscard]] Result<ListeningSocket> listen_on(const std::string& path);

/// Removes the socket's file unless another one has taken its place.
void remove_file(const ListeningSocket& socket);

/// The user at the other end of a connected unix socket. Errors: System.
[[nodiscard]] Result<uid_t> peer_of(int fd);

}  // namespace steady::control
