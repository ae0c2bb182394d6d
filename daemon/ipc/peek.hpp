// A look at the message that a reader would take next, through the files alone: for incidents and dead letters. Nothing
// here maps memory or trusts a peer; what cannot be right is an Error. Loop thread only.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace steady::ipc {

struct Peeked {
  std::uint64_t ring_incarnation = 0;
  std::uint64_t reader_incarnation = 0;
  std::uint64_t sequence = 0;      ///< of the message
  std::uint64_t message_hash = 0;  ///< of the ring's layout
  std::uint64_t length = 0;        ///< of the message in bytes; of a frame, without its head
  bool frame = false;
  std::string payload;             ///< its first bytes, at most `most_bytes`
};

/// Errors: NotFound when nothing waits for this reader, Corrupt when what the files say is impossible, System.
[[nodiscard]] Result<Peeked> peek(const std::string& ring_path, const std::string& reader_path,
                                  std::uint64_t most_bytes);

}  // namespace steady::ipc
