// Two actors that send a number to and fro: what is measured beside bare_roundtrip.
#include <cstdint>
#include <stdexcept>
#include <steady/actor.hpp>

#include "latencies.hpp"

namespace roundtrip {

struct Ball {
  std::uint64_t number;
};
BOOST_DESCRIBE_STRUCT(Ball, (), (number))

/// Has one number under way at most, and takes the time itself: from the step that sends it to the step that has it back.
class Ask final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"ask", "Sends a number, waits for it, and says how long that takes."};

  void start() override {
    counted_from_ = now() + *warm_up_;
    if (paced())
      run_when(back_.has(1) || steady::every(*interval_));
    else
      run_when(steady::every(std::chrono::nanoseconds(1)));  // the first one needs some reason
  }

  void step() override {
    for (const Ball& ball : back_.take()) receive(ball);
    if (!under_way_ && (!paced() || timer_fired())) send();
  }

 private:
  [[nodiscard]] bool paced() const { return *interval_ != std::chrono::nanoseconds(0); }

  void receive(const Ball& ball) {
    if (ball.number != number_) throw std::runtime_error("another number came back");
    const auto received = now();
    if (received >= counted_from_) latencies_.record(static_cast<std::uint64_t>((received - sent_at_).count()));
    sent_at_ = received;  // of the next one, unless it waits for its time
    under_way_ = false;
    if (++number_ % kRoundTripsShown == 0) show();
  }
  void send() {
    if (paced() || number_ == 0) sent_at_ = now();
    if (!paced() && number_ == 0) run_when(back_.has(1));
    there_.put(Ball{number_});
    under_way_ = true;
  }
  void show() {
    median_.set(latencies_.percentile(0.5));
    p99_.set(latencies_.percentile(0.99));
    count_.add(latencies_.count() - count_.value());
  }

  static constexpr std::uint64_t kRoundTripsShown = 256;  // so seldom that it does not count

  steady::Input<Ball> back_{*this, "back", "what came back"};
  steady::Output<Ball> there_{*this, "there", "the numbers"};
  steady::Parameter<std::chrono::nanoseconds> interval_{*this, "interval", "0", "from one start to the next; 0: at once"};
  steady::Parameter<std::chrono::nanoseconds> warm_up_{*this, "warm_up", "0", "what comes back before is not counted"};
  steady::Gauge median_{*this, "median_ns", "Median time of a round trip."};
  steady::Gauge p99_{*this, "p99_ns", "99th percentile of the time of a round trip."};
  steady::Counter count_{*this, "round_trips", "Round trips that these times are of."};
  Latencies latencies_;
  std::chrono::nanoseconds counted_from_{};
  std::chrono::nanoseconds sent_at_{};
  std::uint64_t number_ = 0;
  bool under_way_ = false;
};

class Echo final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"echo", "Sends back what comes."};

  void step() override {
    for (const Ball& ball : there_.take(back_.vacant())) back_.put(ball);
  }

 private:
  steady::Input<Ball> there_{*this, "there", "what comes"};
  steady::Output<Ball> back_{*this, "back", "the same"};
};

}  // namespace roundtrip

STEADY_PLUGIN(roundtrip::Ask, roundtrip::Echo)
