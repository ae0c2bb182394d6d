#include "worker/events.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace steady::worker {

void Events::send(const ipc::Event& event) {
  const std::string line = ipc::print(event);
  const std::lock_guard lock(mutex_);
  for (std::size_t written = 0; written < line.size();) {
    const ssize_t count = ::send(fd_, line.data() + written, line.size() - written, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    written += static_cast<std::size_t>(count);
  }
}

void Events::fail(std::string_view actor, std::string_view why) {
  ipc::Event event;
  event.kind = ipc::Event::Kind::Failed;
  event.actor = actor;
  event.text = why;
  send(event);
  std::fflush(nullptr);
  ::_exit(kFailedExitCode);
}

}  // namespace steady::worker
