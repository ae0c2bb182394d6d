// The mean of the latest numbers.
#pragma once

#include <cstdint>
#include <steady/actor.hpp>

namespace average {

struct Mean {
  std::uint64_t count;  // numbers seen so far
  double value;         // the mean of the latest ones
};
BOOST_DESCRIBE_STRUCT(Mean, (), (count, value))

class Average final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"average", "The mean of the latest numbers."};

  void start() override;
  void step() override;

 private:
  static constexpr std::uint64_t kMost = 64;
  struct Latest {
    std::uint64_t count = 0;
    double numbers[kMost]{};
  };

  steady::Input<steady::Frame> lines_{*this, "lines", "a number per line"};
  steady::Output<Mean> means_{*this, "means", "a mean per number"};
  steady::Parameter<std::int64_t> window_{*this, "window", "10", "how many numbers to look back, 1 to 64"};
  steady::State<Latest> latest_{*this};
  steady::Counter ignored_{*this, "ignored", "Lines that were no number."};
};

}  // namespace average
