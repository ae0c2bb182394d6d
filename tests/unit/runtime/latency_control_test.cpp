// The control of windows against a model of queues in virtual time: under every load, and under loads that change.
#include "runtime/latency_control.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

namespace steady::runtime {
namespace {

using State = LatencyDecision::State;

constexpr double kTarget = 0.05;
constexpr double kStep = 0.002;  // of virtual time
constexpr std::uint64_t kCapacity = 16384;
constexpr std::uint64_t kLeast = 8;
constexpr double kSettled = 6;  // seconds after which a change of load must be answered
constexpr double kMargin = 1.15;

/// Actors in a row, each behind a channel with a window: as many messages as rates and windows allow flow in each step.
class Row {
 public:
  Row(std::size_t hops, std::uint64_t seed) : stages(hops), random_(seed) {
    path.hops.push_back({0, 0, {}});
    for (std::size_t i = 1; i < hops; ++i) path.hops.push_back({i, 0, {i - 1}});
    path.target_seconds = kTarget;
  }

  struct Stage {
    double rate = 100'000;     ///< messages a second that its reader can take
    double delay = 0;          ///< from a message's commit until its reader can have noticed it
    double window = kCapacity;
    double arrived = 0;
    double left = 0;
    double left_then = 0;      ///< at the last decision
    double blocked = 0;
    double least_window = kCapacity;
    double most_window = 0;
    std::deque<std::pair<double, double>> arrivals{};  ///< how many had arrived, and when
    Histogram latency{};
  };

  void run(double seconds) {
    for (const double end = now_ + seconds; now_ < end;) {
      for (double until = now_ + 0.25; now_ < until;) step();
      control();
    }
  }
  /// Forgets what was observed so far.
  void observe_from_here() {
    total = Histogram{};
    taken_ = stages.back().left;
    since_ = now_;
    for (Stage& stage : stages) stage.least_window = stage.most_window = stage.window;
  }
  [[nodiscard]] double p99_seconds() const { return total.percentile(99) / 1e9; }
  [[nodiscard]] double throughput() const { return (stages.back().left - taken_) / (now_ - since_); }

  double load = 1e9;  ///< messages a second that the source would put
  bool controlled = true;
  std::vector<Stage> stages;
  PathShape path;
  LatencyDecision decision;
  Histogram total;  ///< from end to end: the sum over hops at each step

 private:
  void step() {
    now_ += kStep;
    double age = 0;
    for (std::size_t i = stages.size(); i-- > 0;) age += take(i);
    offer(0, load * kStep);
    const double taken = std::max(0.0, stages.back().left - seen_);
    seen_ = stages.back().left;
    if (taken >= 1) total.add(static_cast<std::uint64_t>(age * 1e9), static_cast<std::uint64_t>(taken));
  }
  double jitter() { return std::uniform_real_distribution(0.5, 1.5)(random_); }

  /// Puts as many as fit; returns how many.
  double offer(std::size_t i, double count) {
    Stage& stage = stages[i];
    const double room = std::max(0.0, stage.window - (stage.arrived - stage.left));
    if (count > room) stage.blocked += kStep;
    const double put = std::min(count, room);
    stage.arrived += put;
    if (put > 0) stage.arrivals.emplace_back(stage.arrived, now_);
    return put;
  }
  /// One step of a reader; returns how old the last message was that it took.
  double take(std::size_t i) {
    Stage& stage = stages[i];
    double noticed = stage.left;
    for (const auto& [count, at] : stage.arrivals) {
      if (at > now_ - stage.delay) break;
      noticed = count;
    }
    double take = std::min(stage.rate * kStep * jitter(), std::max(0.0, noticed - stage.left));
    if (i + 1 < stages.size()) take = offer(i + 1, take);
    if (take <= 0) return 0;
    stage.left += take;
    while (stage.arrivals.size() > 1 && stage.arrivals.front().first < stage.left - 1e-6) stage.arrivals.pop_front();
    const double age = now_ - stage.arrivals.front().second;
    const bool sampled = random_() % 3 == 0;  // few, as of a thread that has little to do
    if (sampled && take >= 1)
      stage.latency.add(static_cast<std::uint64_t>(age * 1e9), static_cast<std::uint64_t>(take));
    return age;
  }
  void control() {
    std::vector<HopMeasure> measures;
    for (Stage& stage : stages) {
      HopMeasure& measure = measures.emplace_back();
      if (stage.latency.count != 0) measure.latency_seconds = stage.latency.percentile(hop_percent(path.hops)) / 1e9;
      measure.median_seconds = stage.latency.percentile(50) / 1e9;
      measure.in_flight = static_cast<std::uint64_t>(std::max(0.0, stage.arrived - stage.left));
      measure.blocked_ratio = std::min(1.0, stage.blocked / 0.25);
      measure.window = static_cast<std::uint64_t>(stage.window);
      measure.least = kLeast;
      measure.most = kCapacity;
      measure.rate = (stage.left - stage.left_then) / 0.25;
      stage.left_then = stage.left;
      stage.latency = Histogram{};
      stage.blocked = 0;
    }
    decision = decide(path, decision, measures);
    for (std::size_t i = 0; i < stages.size(); ++i) {
      REQUIRE(decision.windows[i] >= kLeast);
      REQUIRE(decision.windows[i] <= kCapacity);
      if (controlled) stages[i].window = static_cast<double>(decision.windows[i]);
      stages[i].least_window = std::min(stages[i].least_window, stages[i].window);
      stages[i].most_window = std::max(stages[i].most_window, stages[i].window);
    }
  }

  std::mt19937_64 random_;
  double now_ = 0;
  double seen_ = 0;
  double taken_ = 0;
  double since_ = 0;
};

double between(std::mt19937_64& random, double low, double high) {
  return low * std::pow(high / low, std::uniform_real_distribution(0.0, 1.0)(random));
}

/// Some hops whose readers take very different numbers of messages.
Row random_row(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Row row(1 + random() % 3, seed);
  for (Row::Stage& stage : row.stages) {
    stage.rate = between(random, 1e4, 1e6);
    stage.delay = between(random, 0.0005, 0.008);
  }
  return row;
}

double slowest_rate(const Row& row) {
  return std::ranges::min_element(row.stages, {}, &Row::Stage::rate)->rate;
}

}  // namespace

TEST_SUITE("runtime/latency_control") {
  TEST_CASE("full load is held at the target, at nearly the rate of the slowest actor, and windows come to rest") {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      INFO("seed " << seed);
      Row row = random_row(seed);
      row.run(kSettled);
      row.observe_from_here();
      row.run(4);
      CHECK(row.p99_seconds() <= kTarget * kMargin);
      CHECK(row.throughput() >= 0.9 * slowest_rate(row));
      for (const Row::Stage& stage : row.stages) CHECK(stage.most_window <= 2.5 * stage.least_window);
    }
  }

  TEST_CASE("the target holds again soon after the load has changed tenfold, down and up") {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      INFO("seed " << seed);
      Row row = random_row(seed);
      const double full = slowest_rate(row);
      for (const double load : {full * 2, full * 0.2, full * 2}) {
        row.load = load;
        row.run(kSettled);
        row.observe_from_here();
        row.run(2);
        CHECK(row.p99_seconds() <= kTarget * kMargin);
        CHECK(row.throughput() >= 0.6 * std::min(load, full));
      }
    }
  }

  TEST_CASE("the target holds again soon after the slowest actor became ten times slower, and faster") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      INFO("seed " << seed);
      Row row = random_row(seed);
      Row::Stage& slowest = *std::ranges::min_element(row.stages, {}, &Row::Stage::rate);
      slowest.rate = std::max(slowest.rate, 3e4);
      row.run(kSettled);
      for (const double factor : {0.1, 10.0}) {
        slowest.rate *= factor;
        row.run(2 * kSettled);
        row.observe_from_here();
        row.run(2);
        CHECK(row.p99_seconds() <= kTarget * kMargin);
        CHECK(row.throughput() >= 0.9 * slowest_rate(row));
      }
    }
  }

  TEST_CASE("what was learned is forgotten when nothing comes, and windows open to the capacity") {
    Row row(2, 1);
    row.run(kSettled);
    CHECK(row.stages[0].window < kCapacity);
    row.load = 0;
    row.run(10);
    CHECK(row.decision.state == State::Idle);
    for (const Row::Stage& stage : row.stages) CHECK(stage.window == kCapacity);
  }

  TEST_CASE("a latency that no window makes costs no throughput") {
    Row row(1, 1);
    row.stages[0].delay = 2 * kTarget;
    row.run(30);
    CHECK(row.decision.state == State::Missing);
    row.observe_from_here();
    row.run(5);
    CHECK(row.throughput() >= 0.2 * row.stages[0].rate);
  }

  TEST_CASE("a few old messages among many young ones cost no throughput, and what they once cost comes back") {
    PathShape path{{{0, 0, {}}}, kTarget};
    HopMeasure hop;
    hop.latency_seconds = 4 * kTarget;
    hop.median_seconds = 0.01 * kTarget;
    hop.most = kCapacity;
    hop.blocked_ratio = 0.5;
    for (const std::uint64_t from : {std::uint64_t{8}, kCapacity}) {
      LatencyDecision decision;
      hop.window = from;
      for (int i = 0; i < 100; ++i) {
        hop.rate = std::min(1e5, static_cast<double>(hop.window) / hop.median_seconds);
        decision = decide(path, decision, std::vector{hop});
        hop.window = decision.windows[0];
      }
      CHECK(decision.state == State::Missing);
      CHECK(static_cast<double>(hop.window) >= 0.9 * 1e5 * kTarget);
      CHECK(hop.window <= kCapacity);
    }
  }

  TEST_CASE("messages that nobody takes are no reason to forget") {
    PathShape path{{{0, 0, {}}}, kTarget};
    HopMeasure stuck;
    stuck.in_flight = 100;
    stuck.blocked_ratio = 1;
    stuck.window = 100;
    stuck.most = kCapacity;
    LatencyDecision decision;
    for (int i = 0; i < 100; ++i) decision = decide(path, decision, std::vector{stuck});
    CHECK(decision.windows == std::vector<std::uint64_t>{100});
  }

  TEST_CASE("of two routes only the slow one is cut") {
    // 0 feeds 1 and 2, which meet in the end.
    PathShape path{{{0, 0, {}}, {1, 0, {0}}, {2, 0, {0}}}, kTarget};
    std::vector<HopMeasure> hops(3);
    for (HopMeasure& hop : hops) {
      hop.window = 1000;
      hop.most = kCapacity;
      hop.latency_seconds = hop.median_seconds = 0.001;
      hop.rate = 1e4;
    }
    hops[2].latency_seconds = hops[2].median_seconds = 0.2;
    const LatencyDecision decision = decide(path, {}, hops);
    CHECK(decision.state == State::Missing);
    CHECK(decision.p99_seconds == doctest::Approx(0.201));
    CHECK(decision.windows[0] == 1000);
    CHECK(decision.windows[1] == 1000);
    CHECK(decision.windows[2] == static_cast<std::uint64_t>(1000 * 0.8 * kTarget / 0.201));
  }
}

}  // namespace steady::runtime
