// When a drain has got as far as it can. Pure.
#pragma once

#include <cstddef>
#include <vector>

namespace steady::runtime {

struct DrainView {
  struct Channel {
    std::size_t producer = 0;  ///< worker
    std::size_t consumer = 0;  ///< worker; a broadcast counts as one channel for each reader
    bool closed = false;
    bool empty = true;
  };
  std::vector<bool> at_rest;  ///< per worker: no process, and none to come
  std::vector<Channel> channels;
};

/// True when nothing more will flow: every worker is at rest, or waits with empty inputs for a stream that nobody will
/// ever close, because its producer was stopped or has failed.
[[nodiscard]] bool drained_as_far_as_possible(const DrainView& view);

}  // namespace steady::runtime
