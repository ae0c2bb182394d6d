#include "worker/sampling.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace steady::worker {
namespace {

/// A thread whose steps and waits take as long as it says, and which counts what is measured.
struct Thread {
  Sampling sampling{true};
  std::uint64_t now_ns = 0;
  std::uint64_t steps = 0;
  std::vector<std::uint64_t> weights{};

  /// Returns how many steps this one stands for.
  std::uint64_t step(std::uint64_t step_ns) {
    const bool due = sampling.due();
    now_ns += step_ns;
    ++steps;
    if (!due) return 0;
    weights.push_back(sampling.sampled(step_ns));
    return weights.back();
  }
  void run(std::uint64_t ns, std::uint64_t step_ns) {
    for (const std::uint64_t until = now_ns + ns; now_ns < until;) step(step_ns);
  }
  void wait(std::uint64_t wait_ns) {
    now_ns += wait_ns;
    sampling.waited(wait_ns);
  }
  [[nodiscard]] std::uint64_t stood_for() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t weight : weights) sum += weight;
    return sum;
  }
  /// Mean time from one sample to the next.
  [[nodiscard]] std::uint64_t interval_ns() const { return now_ns / weights.size(); }
};

}  // namespace

TEST_SUITE("worker/sampling") {
  TEST_CASE("the first step is measured") {
    Thread thread;
    thread.step(100);
    CHECK(thread.weights == std::vector<std::uint64_t>{1});
  }

  TEST_CASE("a busy thread measures one step in 40 us, and each sample stands for all steps since the last") {
    for (const std::uint64_t step_ns : {50U, 100U, 1000U, 7000U, 20'000U}) {
      CAPTURE(step_ns);
      Thread thread;
      thread.run(10'000'000, step_ns);
      CHECK(thread.interval_ns() >= Sampling::kIntervalNs * 3 / 4);
      CHECK(thread.interval_ns() <= Sampling::kIntervalNs * 5 / 4);
      CHECK(thread.stood_for() <= thread.steps);
      CHECK(thread.stood_for() + Sampling::kStepsMax > thread.steps);
    }
  }

  TEST_CASE("steps that take no time at all are measured at least every 1024th") {
    Thread thread;
    for (int i = 0; i < 10'000; ++i) thread.step(0);
    CHECK(thread.weights.size() >= 9);
    for (const std::uint64_t weight : thread.weights) CHECK(weight <= Sampling::kStepsMax);
  }

  TEST_CASE("every step is measured where steps are long, or rare") {
    Thread slow;
    for (int i = 0; i < 100; ++i) slow.step(50'000);
    CHECK(slow.weights.size() == 100);
    Thread rare;
    for (int i = 0; i < 100; ++i) {
      rare.step(100);
      rare.wait(100'000);
    }
    CHECK(rare.weights == std::vector<std::uint64_t>(100, 1));
  }

  TEST_CASE("waits count with the steps between them") {
    for (const std::uint64_t wait_ns : {900U, 4900U, 30'000U}) {
      CAPTURE(wait_ns);
      Thread thread;
      for (int i = 0; i < 10'000; ++i) {
        thread.step(100);
        thread.wait(wait_ns);
      }
      CHECK(thread.interval_ns() >= Sampling::kIntervalNs / 2);
      CHECK(thread.interval_ns() <= Sampling::kIntervalNs * 2);
    }
  }

  TEST_CASE("no step of a burst is preferred, wherever it stands") {
    for (const std::size_t burst : {std::size_t{2}, std::size_t{10}, std::size_t{100}, std::size_t{500}}) {
      CAPTURE(burst);
      Thread thread;
      std::vector<double> weights(burst);
      for (int round = 0; round < 20'000; ++round) {
        thread.wait(200'000);
        for (double& weight : weights) weight += static_cast<double>(thread.step(100));
      }
      const double half = static_cast<double>(thread.steps) / 2;
      double sum = 0;
      for (std::size_t i = 0; i < burst / 2; ++i) sum += weights[i];
      CHECK(sum == doctest::Approx(half).epsilon(0.05));
      CHECK(weights.front() == doctest::Approx(20'000).epsilon(0.1));
      CHECK(weights.back() == doctest::Approx(20'000).epsilon(0.1));
    }
  }

  TEST_CASE("a thread that becomes idle is soon measured whole, and one that becomes busy soon costs little") {
    Thread thread;
    thread.run(10'000'000, 100);
    for (int i = 0; i < 20; ++i) {
      thread.wait(10'000'000);
      thread.step(100);
    }
    const std::size_t before = thread.weights.size();
    for (int i = 0; i < 20; ++i) {
      thread.wait(10'000'000);
      thread.step(100);
    }
    CHECK(thread.weights.size() == before + 20);
    thread.run(2'000'000, 100);
    CHECK(thread.weights.size() < before + 20 + 500);
  }

  TEST_CASE("a step or a wait without end upsets nothing") {
    Thread thread;
    thread.run(1'000'000, 100);
    thread.wait(~std::uint64_t{0});
    thread.step(~std::uint64_t{0});
    thread.now_ns = 0;
    thread.weights.clear();
    thread.run(100'000'000, 100);
    CHECK(thread.interval_ns() >= Sampling::kIntervalNs / 2);
    CHECK(thread.interval_ns() <= Sampling::kIntervalNs * 2);
  }

  TEST_CASE("switched off, no step is ever due") {
    Sampling sampling(false);
    for (int i = 0; i < 5000; ++i) {
      REQUIRE_FALSE(sampling.due());
      sampling.waited(1'000'000);
    }
  }
}

}  // namespace steady::worker
