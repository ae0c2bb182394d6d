// Crashes on purpose, for showing and proving that none of them loses anything.
#pragma once

#include <chrono>
#include <cstdint>
#include <steady/actor.hpp>
#include <string>

namespace steady::demo {

/// Gives an actor the parameters crash_every, crash_kind and crash_seed, and dies accordingly.
class Crash {
 public:
  explicit Crash(Actor& actor);

  /// Draws the moment of this generation's death. Throws std::invalid_argument when crash_kind is none of its words.
  void arm(std::chrono::nanoseconds now, std::uint64_t generation);

  /// Dies if the moment has come. Call it in a step, after taking and putting.
  void maybe(std::chrono::nanoseconds now) const;

  /// Whether maybe() can do anything at all; saves the look at the clock.
  [[nodiscard]] bool armed() const { return due_ != std::chrono::nanoseconds::max(); }

 private:
  Parameter<std::chrono::nanoseconds> every_;
  Parameter<std::string> kind_;
  Parameter<std::int64_t> seed_;
  std::chrono::nanoseconds due_ = std::chrono::nanoseconds::max();
};

/// A time drawn from the exponential distribution with this mean: the same for the same seed and generation.
[[nodiscard]] std::chrono::nanoseconds draw_lifetime(std::chrono::nanoseconds mean, std::uint64_t seed,
                                                     std::uint64_t generation);

}  // namespace steady::demo
