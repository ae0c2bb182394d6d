// `steadyctl tap` and `record`: messages out of a ring, without its owners noticing. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "ipc/tap.hpp"

namespace steady::control {

/// How much a follower looks at, and how long it rests. One that keeps up sees everything; one that cannot takes
/// samples, so that it costs the channel's own processes next to nothing.
class Pace {
 public:
  /// Messages of the next look.
  [[nodiscard]] std::uint64_t most() const { return sampling_ ? 1024 : 4096; }
  /// After a look: from 0 (more waits) up to 50 ms.
  [[nodiscard]] std::chrono::milliseconds rest_after(bool saw_any, bool skipped, bool caught_up);

 private:
  bool sampling_ = false;
  std::chrono::milliseconds idle_{0};
};

struct TapWishes {
  std::string channel;
  std::optional<std::uint64_t> newest;  ///< begin with so many, read or not
  bool follow = false;
  bool raw = false;
};

/// Prints to stdout, says on stderr what was missed and why it ended. Returns the exit code.
int tap_channel(const std::string& socket, const TapWishes& wishes);

/// Follows a channel into a file until `most` messages, the end of the stream or Ctrl-C. Returns the exit code.
int record_channel(const std::string& socket, const std::string& channel, const std::string& file,
                   std::optional<std::uint64_t> most);

}  // namespace steady::control
