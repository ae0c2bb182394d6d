// An actor that says when its generation made its first step.
#include <steady/actor.hpp>

namespace {

class FirstStep final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"first_step", "Says when its generation made its first step."};

  FirstStep() { run_when(steady::every(std::chrono::nanoseconds(1))); }

  void step() override {
    run_when(steady::every(std::chrono::hours(1)));
    at_.set(static_cast<double>(now().count()));  // exact: CLOCK_MONOTONIC stays below 2^53 ns for a hundred days
    generation_.set(static_cast<double>(generation()));
  }

 private:
  steady::Gauge at_{*this, "first_step_ns", "When the first step was made, on CLOCK_MONOTONIC."};
  steady::Gauge generation_{*this, "generation", "The generation that made it."};
};

}  // namespace

STEADY_PLUGIN(FirstStep)
