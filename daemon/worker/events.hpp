// Tells steadyd what happens here. Internally synchronized: every actor thread and the main thread write.
#pragma once

#include <mutex>
#include <string_view>

#include "ipc/protocol.hpp"

namespace steady::worker {

class Events {
 public:
  explicit Events(int fd) : fd_(fd) {}

  /// Writes the whole line before it returns; blocks while steadyd is slow. A dead steadyd is no error: PDEATHSIG is on
  /// its way.
  void send(const ipc::Event& event);

  /// Tells why and ends the process at once, with nothing committed. For errors of an actor or its plugin.
  [[noreturn]] void fail(std::string_view actor, std::string_view why);

 private:
  std::mutex mutex_;
  const int fd_;
};

/// The exit code of Events::fail.
inline constexpr int kFailedExitCode = 70;

}  // namespace steady::worker
