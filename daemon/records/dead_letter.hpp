// A message that was set aside because it killed its reader again and again. Plain values.
//
// An injected message is one as well, without a reader: `actor` is empty and `port` is the injection that it came with.
// It is Replaying from the start.
//
// Its life: Moving -> Held -> Replaying -> gone. A letter is stored before its message leaves the channel and is removed
// after it is back, so a death of steadyd at any point leaves a row that says what is still to do.
#pragma once

#include <cstdint>
#include <string>

namespace steady::records {

struct DeadLetter {
  enum class State {
    Moving,     ///< stored; its reader has not yet been seen to step over it
    Held,       ///< only here
    Replaying,  ///< to be put back by the channel's producer under `ticket`
  };
  std::int64_t id = 0;  ///< given by the store; grows
  State state = State::Moving;
  std::int64_t at_unix_ns = 0;
  std::string actor;    ///< the reader that it killed; empty: an operator injected it
  std::string port;
  std::string channel;
  std::string producer;  ///< the actor that puts it back
  std::uint64_t ring_incarnation = 0;
  std::uint64_t sequence = 0;      ///< in that ring
  std::uint64_t message_hash = 0;  ///< of the layout; it goes back only to a channel of the same
  std::string message;             ///< the type's name, or "frame"
  std::string payload;             ///< the bytes; of a frame: without its head
  std::string text;                ///< the message, printed by its description
  std::uint32_t deliveries = 0;    ///< deaths on it
  std::int64_t incident = 0;       ///< of the last one
  std::uint64_t ticket = 0;        ///< of a replay; grows per producer, 0: none
};

}  // namespace steady::records
