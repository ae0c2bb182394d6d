// What stands in the middle: takes from any number of lanes, audits, passes on.
#pragma once

#include <steady/actor.hpp>

#include "audit.hpp"
#include "fault.hpp"
#include "outlet.hpp"

namespace steady::chaos {

/// T is what it sends: Item for messages, Frame for frames. It takes either.
template <class T>
class Relay final : public Actor {
 public:
  static constexpr About kAbout{std::is_same_v<T, Frame> ? "frame_relay" : "relay",
                                "Audits streams and passes them on, and may fail on purpose."};

  Relay() { run_when(inputs_.has(1) && has_room(items_)); }

  void start() override { fault_.arm(generation()); }

  void step() override {
    fault_.step();
    const std::uint32_t first = turn_++;
    for (std::uint32_t i = 0; i < inputs_.lane_count(); ++i) pass_on((first + i) % inputs_.lane_count());
  }

  bool finish() override {
    info(audit_.text());
    return true;
  }

 private:
  /// As much of one lane as the output takes. What cannot be read is counted and goes no further.
  void pass_on(std::uint32_t index) {
    auto lane = inputs_.lane(index);
    while (const auto bytes = lane.front()) {
      auto item = read_item(*bytes);
      if (item) item = make_item(stream_behind(item->stream, index), item->sequence);
      if (item && !put_item(items_, *item)) return;
      fault_.at(Place::Put);
      lane.pop();
      fault_.at(Place::Taken);
      audit_.enter(item);
      fault_.at(Place::Changed);
    }
  }

  Inputs<Any> inputs_{*this, "items", "streams, as messages or frames"};
  Output<T> items_{*this, "passed", "the same streams, under the names that they have behind this relay"};
  Audit audit_{*this};
  Fault fault_{*this, {Place::Begin, Place::Taken, Place::Put, Place::Changed}};
  std::uint32_t turn_ = 0;
};

}  // namespace steady::chaos
