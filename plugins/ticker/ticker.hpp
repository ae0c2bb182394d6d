// A clock: one tick per interval.
#pragma once

#include <chrono>
#include <cstdint>
#include <steady/actor.hpp>

namespace steady::ticker {

struct Tick {
  std::uint64_t number;  // 0, 1, 2, ...: none is missing, whatever crashed
  double time;           // seconds since 1970
};
BOOST_DESCRIBE_STRUCT(Tick, (), (number, time))

class Ticker final : public Actor {
 public:
  static constexpr About kAbout{"ticker", "Sends a numbered tick at a fixed interval."};

  void start() override;
  void step() override;

 private:
  struct Progress {
    std::uint64_t sent = 0;
  };

  [[nodiscard]] bool done() const;

  Output<Tick> ticks_{*this, "ticks", "the ticks; one that finds no room comes late, none is dropped"};
  Parameter<std::chrono::nanoseconds> interval_{*this, "interval", "1s", "time between two ticks"};
  Parameter<std::int64_t> limit_{*this, "limit", "0", "how many ticks to send; 0: no end"};
  State<Progress> progress_{*this};
};

}  // namespace steady::ticker
