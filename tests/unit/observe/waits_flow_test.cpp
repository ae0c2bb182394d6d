// Random graphs that run in virtual time: actors with known speeds, rings that fill and empty. What is measured of them
// goes to analyse(), and its answer is held against what the speeds say. A failure prints its seed.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "observe/waits.hpp"

using namespace steady::observe;

namespace {

using Ticks = std::int64_t;
constexpr Ticks kNever = std::numeric_limits<Ticks>::max();

/// Actors that take one message from each input (or, merging, from the next that has one), work for a while, and put
/// one into each output. As in a worker, whoever has found a ring full sleeps until half of it is free, and a step shows
/// nothing before it ends.
class Flow {
 public:
  struct Part {
    Ticks service = 1;
    bool merges = false;
    bool dead = false;
    std::vector<std::size_t> inputs{};   ///< lanes
    std::vector<std::size_t> outputs{};  ///< channels
  };
  struct Lane {
    std::size_t channel = 0;
    std::size_t reader = 0;
    std::int64_t head = 0;
  };
  struct Channel {
    std::size_t producer = 0;
    std::int64_t capacity = 0;
    std::int64_t tail = 0;
    std::vector<std::size_t> lanes{};
  };

  std::vector<Part> parts;
  std::vector<Lane> lanes;
  std::vector<Channel> channels;

  std::size_t add_channel(std::size_t producer, std::int64_t capacity) {
    channels.push_back({producer, capacity});
    parts[producer].outputs.push_back(channels.size() - 1);
    return channels.size() - 1;
  }
  void add_reader(std::size_t channel, std::size_t reader) {
    lanes.push_back({channel, reader});
    channels[channel].lanes.push_back(lanes.size() - 1);
    parts[reader].inputs.push_back(lanes.size() - 1);
  }

  /// Begins, and lets `before` ticks go by.
  void start(Ticks before, std::uint32_t seed) {
    dice_.seed(seed);
    running_.assign(parts.size(), Running{});
    stalled_.assign(channels.size(), false);
    start_all();
    look(before);
  }
  /// What the next `window` ticks look like.
  WaitView look(Ticks window) {
    clear();
    advance(now_ + window);
    return view(static_cast<double>(window));
  }

  [[nodiscard]] std::int64_t steps(std::size_t part) const { return running_[part].steps; }

 private:
  struct Running {
    Ticks until = kNever;  ///< of the step that runs; kNever: it waits
    std::size_t lane = 0;  ///< that a merge takes from
    Ticks input = 0;
    Ticks room = 0;
    std::int64_t steps = 0;
  };

  [[nodiscard]] std::int64_t waiting(std::size_t lane) const {
    return channels[lanes[lane].channel].tail - lanes[lane].head;
  }
  [[nodiscard]] std::int64_t used(const Channel& channel) const {
    std::int64_t most = 0;
    for (const std::size_t lane : channel.lanes) most = std::max(most, waiting(lane));
    return most;
  }

  void clear() {
    for (Running& running : running_) running.input = running.room = running.steps = 0;
    blocked_.assign(channels.size(), 0);
    filled_.assign(lanes.size(), 0);
  }

  [[nodiscard]] bool has_room(std::size_t part) const {
    return std::ranges::none_of(parts[part].outputs, [this](std::size_t channel) { return stalled_[channel]; });
  }
  [[nodiscard]] bool has_input(std::size_t part) const {
    const auto some = [this](std::size_t lane) { return waiting(lane) > 0; };
    const auto& inputs = parts[part].inputs;
    if (parts[part].merges) return std::ranges::any_of(inputs, some);
    return std::ranges::all_of(inputs, some);
  }

  void start_all() {
    for (std::size_t channel = 0; channel < channels.size(); ++channel) {
      const auto left = channels[channel].capacity - used(channels[channel]);
      stalled_[channel] = left == 0 || (stalled_[channel] && left < channels[channel].capacity / 2);
    }
    for (std::size_t part = 0; part < parts.size(); ++part) {
      if (parts[part].dead || running_[part].until != kNever || !has_room(part) || !has_input(part)) continue;
      const Ticks noise = static_cast<Ticks>(dice_() % 41) - 20;  // per cent
      running_[part].until = now_ + parts[part].service * (100 + noise) / 100;
    }
  }

  void advance(Ticks end) {
    while (now_ < end) {
      Ticks next = end;
      for (const Running& running : running_) next = std::min(next, running.until);
      measure(next - now_);
      now_ = next;
      for (std::size_t part = 0; part < parts.size(); ++part)
        if (running_[part].until == now_) commit(part);
      start_all();
    }
  }

  void measure(Ticks gone) {
    for (std::size_t part = 0; part < parts.size(); ++part) {
      if (parts[part].dead || running_[part].until != kNever) continue;
      (has_room(part) ? running_[part].input : running_[part].room) += gone;
      for (const std::size_t channel : parts[part].outputs)
        if (stalled_[channel]) blocked_[channel] += gone;
    }
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) filled_[lane] += gone * waiting(lane);
  }

  void commit(std::size_t part) {
    auto& inputs = parts[part].inputs;
    if (parts[part].merges) {
      const auto first = std::ranges::find_if(inputs, [this](std::size_t lane) { return waiting(lane) > 0; });
      ++lanes[*first].head;
      std::rotate(inputs.begin(), first + 1, inputs.end());  // each in turn
    } else {
      for (const std::size_t lane : inputs) ++lanes[lane].head;
    }
    for (const std::size_t channel : parts[part].outputs) ++channels[channel].tail;
    running_[part].until = kNever;
    ++running_[part].steps;
  }

  [[nodiscard]] WaitView view(double window) const {
    WaitView result;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      WaitView::Actor actor;
      actor.runs = !parts[i].dead;
      actor.state = parts[i].dead ? "failed" : "running";
      actor.input_ratio = static_cast<double>(running_[i].input) / window;
      actor.room_ratio = static_cast<double>(running_[i].room) / window;
      actor.stepped = running_[i].steps > 0;
      actor.in_call = running_[i].until != kNever;
      result.actors.push_back(actor);
    }
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      const Channel& channel = channels[lanes[i].channel];
      WaitView::Lane lane;
      lane.channel = std::to_string(lanes[i].channel);
      lane.producer = channel.producer;
      lane.reader = lanes[i].reader;
      lane.fill = static_cast<double>(filled_[i]) / window / static_cast<double>(channel.capacity);
      lane.blocked_ratio = static_cast<double>(blocked_[lanes[i].channel]) / window;
      lane.empty = waiting(i) == 0;
      result.lanes.push_back(lane);
    }
    return result;
  }

  std::mt19937 dice_;
  Ticks now_ = 0;
  std::vector<Running> running_;
  std::vector<bool> stalled_;
  std::vector<Ticks> blocked_;  ///< of each channel
  std::vector<Ticks> filled_;   ///< of each lane: messages that waited, times ticks
};

constexpr Ticks kFastest = 1000;
constexpr double kStep = 1.3;  ///< each actor is so much slower than the next faster one

/// Up to seven actors of different speeds; every channel leads from a lower index to a higher one.
Flow draw(std::mt19937& dice, bool merging) {
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(dice() % end); };
  Flow flow;
  flow.parts.resize(2 + below(6));
  std::vector<double> services(flow.parts.size(), kFastest);
  for (std::size_t i = 1; i < services.size(); ++i) services[i] = services[i - 1] * kStep;
  std::shuffle(services.begin(), services.end(), dice);
  for (std::size_t i = 0; i < flow.parts.size(); ++i) {
    flow.parts[i].service = static_cast<Ticks>(services[i]);
    flow.parts[i].merges = merging && below(2) == 0;
  }
  for (std::size_t reader = 1; reader < flow.parts.size(); ++reader)
    for (std::size_t inputs = 1 + below(2); inputs > 0; --inputs) {
      const std::size_t producer = below(reader);
      const auto& outputs = flow.parts[producer].outputs;
      const bool shares = !outputs.empty() && below(2) == 0;
      const auto capacity = static_cast<std::int64_t>(16 + 8 * below(3));
      const std::size_t channel = shares ? outputs.front() : flow.add_channel(producer, capacity);
      const auto& lanes = flow.channels[channel].lanes;
      const auto is_its = [&](std::size_t lane) { return flow.lanes[lane].reader == reader; };
      if (std::ranges::none_of(lanes, is_its)) flow.add_reader(channel, reader);
    }
  return flow;
}

Ticks slowest(const Flow& flow) {
  return std::ranges::max(flow.parts, {}, &Flow::Part::service).service;
}

}  // namespace

TEST_SUITE("observe/waits") {
  TEST_CASE("where all flow at one speed, whoever is held back names the slowest of all, or the dead one") {
    for (std::uint32_t seed = 1; seed <= 1000; ++seed) {
      CAPTURE(seed);
      std::mt19937 dice(seed);
      Flow flow = draw(dice, false);
      const auto by_service = std::ranges::max_element(flow.parts, {}, &Flow::Part::service);
      auto bound = static_cast<std::size_t>(by_service - flow.parts.begin());
      if (dice() % 5 == 0) {
        bound = dice() % flow.parts.size();
        flow.parts[bound].dead = true;
      }
      flow.start(600 * slowest(flow), seed);
      const auto found = analyse(flow.look(200 * slowest(flow)));
      REQUIRE(found.deadlocks.empty());
      for (const auto& bottleneck : found.bottlenecks) REQUIRE(bottleneck.actor == bound);
      if (bound != 0) REQUIRE(found.culprits[0] == bound);
      if (bound != 0) REQUIRE(found.bottlenecks[0].why == (flow.parts[bound].dead ? "is failed" : "is busy"));
    }
  }

  TEST_CASE("where flows merge, a faster culprit lets those flow faster that it held back, and a deadlock stays one") {
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
      CAPTURE(seed);
      std::mt19937 dice(seed);
      const Flow drawn = draw(dice, true);
      const Ticks before = 600 * slowest(drawn);
      const Ticks window = 300 * slowest(drawn);
      Flow slow = drawn;
      slow.start(before, seed);
      const auto found = analyse(slow.look(window));
      for (const auto& bottleneck : found.bottlenecks) {
        CAPTURE(bottleneck.actor);
        Flow fast = drawn;
        fast.parts[bottleneck.actor].service /= 2;
        fast.start(before, seed);
        fast.look(window);
        const auto all = [&](const Flow& flow) {
          std::int64_t sum = 0;
          for (const std::size_t actor : bottleneck.holds_back) sum += flow.steps(actor);
          return static_cast<double>(sum);
        };
        REQUIRE(all(fast) > 1.01 * all(slow));
      }
      // A merge beside a join may bring one of its inputs more than the other: then they end like this.
      if (!found.deadlocks.empty()) slow.look(before);
      for (const auto& deadlock : found.deadlocks)
        for (const std::size_t actor : deadlock.actors) REQUIRE(slow.steps(actor) == 0);
    }
  }
}
