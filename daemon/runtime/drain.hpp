// When a drain has got as far as it can. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace steady::runtime {

struct DrainView {
  struct Channel {
    std::size_t producer = 0;  ///< worker
    std::size_t consumer = 0;  ///< worker; a broadcast counts as one channel for each reader
    bool closed = false;
    bool empty = true;
    std::string name{};  ///< for people
  };
  std::vector<bool> at_rest;  ///< per worker: no process, and none to come
  std::vector<Channel> channels;
  std::vector<std::string> names{};  ///< per worker
  std::vector<bool> in_call{};       ///< per worker: an actor of it is in its own code
};

/// True when nothing more will flow: every worker is at rest, or waits with empty inputs for a stream that nobody will
/// ever close, because its producer was stopped or has failed.
[[nodiscard]] bool drained_as_far_as_possible(const DrainView& view);

/// One line for each worker that is not at rest: what keeps it from finishing.
[[nodiscard]] std::vector<std::string> who_would_not_finish(const DrainView& view);

}  // namespace steady::runtime
