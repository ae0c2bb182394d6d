// The worker in the middle: numbers in, verdicts out.
#pragma once

#include <span>
#include <steady/actor.hpp>

#include "demo/crash.hpp"
#include "demo/messages.hpp"

namespace steady::demo {

class FizzBuzz final : public Actor {
 public:
  static constexpr About kAbout{"fizzbuzz", "Says of each number whether 3, 5 or both divide it."};

  void start() override;
  void step() override;

 private:
  Input<Number> numbers_{*this, "numbers", "any numbers"};
  Output<Verdict> verdicts_{*this, "verdicts", "one verdict per number, in the same order"};
  Crash crash_{*this};
};

/// Judges each number by its value; `out` is at least as long as `in`. Fast when the numbers follow each other.
void classify(std::span<const Number> in, std::span<Verdict> out);

}  // namespace steady::demo
