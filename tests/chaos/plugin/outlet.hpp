// One item into an output, whether it carries messages or frames.
#pragma once

#include <steady/actor.hpp>

#include "item.hpp"

namespace steady::chaos {

/// Puts the item; false when there is no room now.
inline bool put_item(Output<Item>& output, const Item& item) { return output.put(item); }
inline bool put_item(Output<Frame>& output, const Item& item) {
  const auto room = output.put(frame_length(item));
  if (!room) return false;
  write_frame(item, *room);
  return true;
}

/// For run_when: room for any one item.
inline When has_room(const Output<Item>& output) { return output.has_room(1); }
inline When has_room(const Output<Frame>& output) { return output.has_room(kLongestFrame); }

}  // namespace steady::chaos
