// Faults of a plugin's own: at a random step and a random place within it, in one of the ways that plugins fail.
#pragma once

#include <cstdint>
#include <steady/actor.hpp>
#include <string>
#include <vector>

namespace steady::chaos {

/// Where in a step an actor may fail.
enum class Place { Begin, Taken, Put, Changed };

/// Gives an actor the parameters fault_every, fault_seed and faults, and fails accordingly.
///
/// Step and place are drawn from the seed and the generation, never from a message: no message is fatal to every
/// generation. The kinds are read from the file `faults` when the step has come, one word each; while it is empty,
/// nothing happens. Before it fails, the actor adds a line "KIND PLACE PID" to the file `faults`.log.
class Fault {
 public:
  /// `places` are those that the actor passes.
  Fault(Actor& actor, std::vector<Place> places);

  /// Once per generation, in start().
  void arm(std::uint64_t generation);
  /// At the beginning of each step.
  void step() {
    ++steps_;
    at(Place::Begin);
  }
  /// At every other place, each time that it is passed.
  void at(Place place) {
    if (steps_ >= due_ && place == place_ && passes_-- == 0) strike();
  }

 private:
  void draw();
  void strike();
  std::uint64_t random();

  Parameter<std::int64_t> every_;
  Parameter<std::int64_t> seed_;
  Parameter<std::string> faults_;
  std::vector<Place> places_;
  std::uint64_t random_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t due_ = ~std::uint64_t{0};
  std::uint64_t passes_ = 0;  // how often the place is passed in that step before it happens
  Place place_ = Place::Begin;
};

}  // namespace steady::chaos
