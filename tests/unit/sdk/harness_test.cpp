#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <steady/testing.hpp>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using steady::testing::Failed;
using steady::testing::Harness;

namespace {

struct Item {
  std::uint64_t value;
};
BOOST_DESCRIBE_STRUCT(Item, (), (value))

struct Other {
  std::uint64_t value;
};

/// Adds up what comes in; passes on the sum so far. Fails on 13.
class Sum final : public steady::Actor {
 public:
  void start() override { starts_.add(); }
  void step() override {
    while (items_.available() > 0 && sums_.vacant() > 0) {
      const Item item = items_.take(1).front();
      *total_ += item.value;
      sums_.put(Item{*total_});
      last_.set(static_cast<double>(item.value));
      if (item.value == 13) throw std::runtime_error("thirteen");
    }
    note("sum " + std::to_string(*total_));
    info("stepped");
  }
  bool finish() override { return sums_.put(Item{*total_ + 1000}); }
  bool migrate(std::span<const std::byte> old_state, std::uint32_t old_version) override {
    if (old_version != 1 || old_state.size() != 4) return false;
    std::uint32_t old = 0;
    std::memcpy(&old, old_state.data(), sizeof old);
    *total_ = old;
    return true;
  }

 private:
  steady::Input<Item> items_{*this, "items"};
  steady::Output<Item> sums_{*this, "sums"};
  steady::State<std::uint64_t> total_{*this, 2};
  steady::Counter starts_{*this, "starts", "Starts."};
  steady::Gauge last_{*this, "last", "The latest value."};
};

/// Runs by a timer, or when two items wait; says which.
class Patient final : public steady::Actor {
 public:
  Patient() { run_when(items_.has(2) || steady::every(1s)); }
  void step() override {
    if (timer_fired()) fired_.add();
    items_.take();
    run_when(items_.has(2) || steady::every(1s));
  }

 private:
  steady::Input<Item> items_{*this, "items"};
  steady::Counter fired_{*this, "fired", "Steps by the timer."};
};

/// Sends what it gets from any lane, marked with the lane.
class Merge final : public steady::Actor {
 public:
  void step() override {
    for (std::uint32_t lane = 0; lane < items_.lane_count(); ++lane) {
      auto from = items_.lane(lane);
      while (const auto item = from.front()) {
        if (!out_.put(std::to_string(lane) + ":" + std::string(*item))) return;
        from.pop();
      }
    }
  }

 private:
  steady::Inputs<steady::Frame> items_{*this, "items"};
  steady::Input<Item> unused_{*this, "unused", "", steady::kOptional};
  steady::Output<steady::Frame> out_{*this, "out"};
};

/// Adds pairs: does nothing while only one side has something.
class Pairs final : public steady::Actor {
 public:
  void step() override {
    while (left_.available() > 0 && right_.available() > 0 && sums_.vacant() > 0)
      sums_.put(Item{left_.take(1).front().value + right_.take(1).front().value});
  }

 private:
  steady::Input<Item> left_{*this, "left"};
  steady::Input<Item> right_{*this, "right"};
  steady::Output<Item> sums_{*this, "sums"};
};

std::vector<std::uint64_t> values(const std::vector<Item>& items) {
  std::vector<std::uint64_t> found;
  for (const Item& item : items) found.push_back(item.value);
  return found;
}

}  // namespace

TEST_SUITE("sdk/harness") {
  TEST_CASE("a step that is killed leaves input, output, state and metrics as they were") {
    Harness<Sum> harness;
    harness.feed("items", Item{1});
    harness.run();
    harness.feed("items", Item{2});
    CHECK(harness.step_and_crash());
    CHECK(harness.waiting("items") == 1);
    CHECK(values(harness.take<Item>("sums")) == std::vector<std::uint64_t>{1});
    CHECK(harness.state<std::uint64_t>() == 1);
    CHECK(harness.gauge("last") == 1);
    harness.run();
    CHECK(values(harness.take<Item>("sums")) == std::vector<std::uint64_t>{3});
    CHECK(harness.counter("starts") == 2);
    CHECK(harness.generation() == 1);
  }

  TEST_CASE("an exception leaves nothing of the step and comes out as its text") {
    Harness<Sum> harness;
    harness.feed("items", Item{1});
    harness.feed("items", Item{13});
    CHECK_THROWS_WITH(harness.step(), "exception: thirteen");
    CHECK(harness.take<Item>("sums").empty());
    CHECK(harness.waiting("items") == 2);
    CHECK(harness.state<std::uint64_t>() == 0);
    CHECK(harness.generation() == 1);
  }

  TEST_CASE("a start that is killed counts for nothing") {
    Harness<Sum> harness;
    harness.start_and_crash();
    harness.start();
    CHECK(harness.counter("starts") == 1);
  }

  TEST_CASE("a full output stops the actor, and taking from it lets it go on") {
    Harness<Sum> harness;
    harness.set_capacity("sums", 2);
    for (std::uint64_t i = 1; i <= 5; ++i) harness.feed("items", Item{i});
    harness.run();
    CHECK(values(harness.take<Item>("sums")) == std::vector<std::uint64_t>{1, 3});
    harness.run();
    CHECK(values(harness.take<Item>("sums")) == std::vector<std::uint64_t>{6, 10});
  }

  TEST_CASE("a step that did nothing is not repeated before there is news") {
    Harness<Pairs> harness;
    harness.feed("left", Item{1});
    CHECK(harness.run() == 1);
    CHECK(harness.run() == 0);
    harness.feed("right", Item{2});
    CHECK(harness.run() == 1);
    CHECK(values(harness.take<Item>("sums")) == std::vector<std::uint64_t>{3});
  }

  TEST_CASE("finish comes when the inputs are closed and empty, and waits for room") {
    Harness<Sum> harness;
    harness.set_capacity("sums", 1);
    harness.feed("items", Item{1});
    harness.close("items");
    harness.run();
    CHECK_FALSE(harness.ended());
    harness.take<Item>("sums");
    harness.run();
    CHECK(harness.ended());
    CHECK(values(harness.take<Item>("sums")) == std::vector<std::uint64_t>{1001});
    CHECK_FALSE(harness.step());
  }

  TEST_CASE("a state of an older version is migrated, and a foreign one refused") {
    Harness<Sum> harness;
    const std::uint32_t old = 7;
    harness.restore_state({reinterpret_cast<const char*>(&old), sizeof old}, 1);
    harness.start_and_crash();
    harness.feed("items", Item{1});
    harness.run();
    CHECK(harness.state<std::uint64_t>() == 8);
    Harness<Sum> foreign;
    foreign.restore_state("x", 9);
    CHECK_THROWS_WITH(foreign.start(), "the actor refused the state of version 9");
    const std::uint64_t same = 5;
    Harness<Sum> equal;
    equal.restore_state({reinterpret_cast<const char*>(&same), sizeof same}, 2);
    equal.start();
    CHECK(equal.state<std::uint64_t>() == 5);
  }

  TEST_CASE("timers fire by the harness's clock, once per interval, also when asked for again in every step") {
    Harness<Patient> harness;
    harness.start();
    CHECK(harness.run() == 0);
    harness.advance(999ms);
    CHECK(harness.run() == 0);
    harness.advance(1ms);
    CHECK(harness.run() == 1);
    CHECK(harness.counter("fired") == 1);
    harness.advance(5s);
    CHECK(harness.run() == 1);
    harness.feed("items", Item{1});
    CHECK(harness.run() == 0);
    harness.feed("items", Item{2});
    CHECK(harness.run() == 1);
    CHECK(harness.counter("fired") == 2);
  }

  TEST_CASE("what is left on a closed input is enough, however much was asked for") {
    Harness<Patient> harness;
    harness.feed("items", Item{1});
    harness.close("items");
    CHECK(harness.run() == 2);  // the step, and finish
    CHECK(harness.ended());
  }

  TEST_CASE("lanes are served apart, and an optional input may stay unconnected") {
    Harness<Merge> harness;
    harness.connect("items", 2);
    harness.connect("unused", 0);
    harness.feed("items", std::string("a"), 0);
    harness.feed("items", std::string("b"), 1);
    harness.feed("items", std::string(), 1);
    harness.run_crashing();
    CHECK(harness.take<std::string>("out") == std::vector<std::string>{"0:a", "1:b", "1:"});
  }

  TEST_CASE("notes and log lines are kept") {
    Harness<Sum> harness;
    harness.feed("items", Item{4});
    harness.run();
    CHECK(harness.note() == "sum 4");
    REQUIRE(harness.log().size() == 1);
    CHECK(harness.log()[0].level == STEADY_INFO);
    CHECK(harness.log()[0].text == "stepped");
  }

  TEST_CASE("wrong names and types are refused, not ignored") {
    Harness<Sum> harness;
    CHECK_THROWS_AS(harness.feed("nothing", Item{1}), std::invalid_argument);
    CHECK_THROWS_AS(harness.feed("sums", Item{1}), std::invalid_argument);
    CHECK_THROWS_AS(harness.feed("items", Other{1}), std::invalid_argument);
    CHECK_THROWS_AS(harness.feed("items", std::string("frame")), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(harness.counter("last")), std::invalid_argument);
    CHECK_THROWS_AS(Harness<Sum>(steady::testing::Parameters{{"what", "1"}}), std::invalid_argument);
  }
}
