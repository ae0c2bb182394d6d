// A source of numbers: 0, 1, 2, ...
#pragma once

#include <cstdint>
#include <span>
#include <steady/actor.hpp>

#include "demo/crash.hpp"
#include "demo/messages.hpp"

namespace steady::demo {

class Generator final : public Actor {
 public:
  static constexpr About kAbout{"generator", "Counts upwards as fast as its channel takes the numbers."};

  Generator();
  void start() override;
  void step() override;

 private:
  struct Progress {
    std::uint64_t made = 0;  // how many numbers so far
  };

  [[nodiscard]] std::uint64_t wanted() const;

  Output<Number> numbers_{*this, "numbers", "the numbers in order, none missing"};
  Parameter<std::int64_t> start_{*this, "start", "0", "the first number"};
  Parameter<std::int64_t> limit_{*this, "limit", "0", "how many numbers to make; 0: no end"};
  Parameter<std::int64_t> batch_{*this, "batch", "0", "at most so many in one step; 0: as many as there is room for"};
  State<Progress> progress_{*this};
  Crash crash_{*this};
};

/// Writes first, first + 1, ...
void count_up(std::span<Number> out, std::uint64_t first);

}  // namespace steady::demo
