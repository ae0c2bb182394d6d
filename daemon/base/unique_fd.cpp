#include "base/unique_fd.hpp"

#include <unistd.h>

namespace steady {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

}  // namespace steady
