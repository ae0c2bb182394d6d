// Records in, one summary per level and minute out.
#pragma once

#include <array>
#include <cstdint>
#include <steady/actor.hpp>

#include "logs/record.hpp"

namespace steady::logs {

/// A minute is summed up when a record of another minute comes, and at the end. What is sent depends on the records
/// alone: not on how steps portion them, nor on crashes, nor on the clock.
class Count final : public Actor {
 public:
  static constexpr About kAbout{"count", "Counts records per level and minute of the log's own time."};

  void step() override;
  bool finish() override;

 private:
  /// The levels and "other". A count that was sent is 0 again: a half-sent minute goes on where it stopped.
  using Counts = std::array<std::uint64_t, kLevels.size() + 1>;
  struct Minute {
    Text<20> name{};
    Counts counts{};
  };

  bool send(Minute& minute);

  Input<Record> records_{*this, "records", "records as parse makes them"};
  Output<Summary> summaries_{*this, "summaries", "the levels of a minute that are not 0, most urgent first"};
  State<Minute> minute_{*this};
};

}  // namespace steady::logs
