// What a relay or a sink has seen of each stream, kept as State, so that it is as exact as the messages themselves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "item.hpp"

namespace steady::chaos {

/// Trivially copyable. A message ahead of its turn leaves a gap; one behind it came again, or late. So a lost message is
/// a gap, a doubled one a repeat, and two in the wrong order are both.
class Ledger {
 public:
  struct Finding {
    std::uint64_t streams = 0;  // 1: the first of its stream
    std::uint64_t gaps = 0;
    std::uint64_t repeats = 0;
    std::uint64_t strangers = 0;  // 1: a stream more than there is room for
  };

  /// Enters one item and says what is not as it should be.
  Finding enter(const Item& item);

 private:
  static constexpr std::size_t kStreams = 64;
  struct Stream {
    std::uint64_t name = 0;
    std::uint64_t expected = 0;
  };

  std::array<Stream, kStreams> streams_{};
  std::uint64_t count_ = 0;
};

}  // namespace steady::chaos
