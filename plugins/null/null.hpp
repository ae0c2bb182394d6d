// Takes everything and keeps nothing.
#pragma once

#include <steady/actor.hpp>

namespace steady::null {

class Null final : public Actor {
 public:
  static constexpr About kAbout{"null", "Counts items and throws them away."};

  void step() override;

 private:
  Inputs<Any> items_{*this, "items", "anything"};
  Counter count_{*this, "items", "Items thrown away."};
};

}  // namespace steady::null
