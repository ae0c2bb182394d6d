// Frames out of memory that a broken peer may have written: every frame lies within it, and what is wrong marks the
// lane.
#include <steady/lane.hpp>

#include <algorithm>
#include <vector>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace steady;
  if (size < 2) return 0;
  std::vector<unsigned char> memory(data + 2, data + size);  // of exactly that size: the sanitizer guards both ends
  steady_view view{};
  view.begin = memory.data();
  view.bytes = memory.size();
  view.messages = std::min<std::uint64_t>(data[0], view.bytes);
  view.sequence = data[1];
  view.kind = STEADY_FRAMES;
  InputLane<Frame> lane(&view);
  std::uint64_t frames = 0;
  unsigned sum = 0;
  while (const auto frame = lane.next()) {
    for (const char byte : *frame) sum += static_cast<unsigned char>(byte);
    ++frames;
    fuzz::require(view.used_bytes <= view.bytes, "no more is taken than is there");
  }
  fuzz::require(frames == view.used_messages && frames <= view.messages, "every frame counts once");
  fuzz::require(view.violated != 0 || frames == view.messages, "a lane that ends early is marked");
  fuzz::require(!lane.front(), "a lane that has ended stays ended");
  static_cast<void>(sum);
  return 0;
}
