// Where streams end: takes from any number of lanes and audits.
#pragma once

#include <steady/actor.hpp>

#include "audit.hpp"
#include "fault.hpp"

namespace steady::chaos {

class Sink final : public Actor {
 public:
  static constexpr About kAbout{"sink", "Audits streams, and may fail on purpose."};

  void start() override { fault_.arm(generation()); }

  void step() override {
    fault_.step();
    for (std::uint32_t index = 0; index < inputs_.lane_count(); ++index) {
      auto lane = inputs_.lane(index);
      while (const auto bytes = lane.next()) {
        fault_.at(Place::Taken);
        auto item = read_item(*bytes);
        if (item) item->stream = stream_behind(item->stream, index);
        audit_.enter(item);
        fault_.at(Place::Changed);
      }
    }
  }

  bool finish() override {
    info(audit_.text());
    return true;
  }

 private:
  Inputs<Any> inputs_{*this, "items", "streams, as messages or frames"};
  Audit audit_{*this};
  Fault fault_{*this, {Place::Begin, Place::Taken, Place::Changed}};
};

}  // namespace steady::chaos
