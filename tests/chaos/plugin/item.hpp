// What flows through a chaos graph: the same item as a message or as a frame, and easy to recognise when it is spoilt.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <steady/message.hpp>
#include <string_view>

namespace steady::chaos {

/// One number of one stream. A stream is what one source sends along one way through the graph: it arrives in order.
struct Item {
  std::uint64_t stream;
  std::uint64_t sequence;  // 0, 1, 2, ... within the stream
  std::uint64_t check;     // follows from the other two
};
BOOST_DESCRIBE_STRUCT(Item, (), (stream, sequence, check))

/// The finaliser of splitmix64: neighbouring inputs give unrelated outputs.
[[nodiscard]] std::uint64_t scramble(std::uint64_t value);

[[nodiscard]] Item make_item(std::uint64_t stream, std::uint64_t sequence);

/// More lanes than an input of a chaos graph ever has.
inline constexpr std::uint64_t kLanes = 16;

/// The stream that `stream` becomes on an actor's lane `lane`, below kLanes: all lanes that it came through make its
/// name, so what comes from one source by two ways is two streams.
[[nodiscard]] constexpr std::uint64_t stream_behind(std::uint64_t stream, std::uint32_t lane) {
  return stream * kLanes + lane;
}

/// How long the frame of an item is: the item, and a filler whose length differs from item to item.
[[nodiscard]] std::uint64_t frame_length(const Item& item);
inline constexpr std::uint64_t kLongestFrame = sizeof(Item) + 255;

/// Writes the frame of an item; `frame` is frame_length(item) long.
void write_frame(const Item& item, std::span<char> frame);

/// The item in the bytes of a message or a frame; nullopt when a single bit is not as it was sent.
[[nodiscard]] std::optional<Item> read_item(std::string_view bytes);

}  // namespace steady::chaos
