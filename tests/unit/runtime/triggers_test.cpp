// Triggers in virtual time: a test says what is measured, and looks.
#include "runtime/triggers.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <map>

#include "config/load.hpp"

namespace steady::runtime {
namespace {

using namespace std::chrono_literals;
using config::Aggregate;
using config::Measure;

/// Values by hand; what was not set is not there.
class Values : public Lookup {
 public:
  std::map<std::pair<std::size_t, Measure>, double> of_channel, of_actor;
  mutable std::vector<Aggregate> asked;

  [[nodiscard]] std::optional<double> channel(std::size_t channel, Measure measure,
                                              const Aggregate& aggregate) const override {
    return find(of_channel, channel, measure, aggregate);
  }
  [[nodiscard]] std::optional<double> actor(std::size_t actor, Measure measure,
                                            const Aggregate& aggregate) const override {
    return find(of_actor, actor, measure, aggregate);
  }

 private:
  std::optional<double> find(const std::map<std::pair<std::size_t, Measure>, double>& values, std::size_t index,
                             Measure measure, const Aggregate& aggregate) const {
    asked.push_back(aggregate);
    const auto found = values.find({index, measure});
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
};

config::Graph graph_of(const std::string& yaml) {
  config::Loaded loaded = config::load("f", yaml, {});
  REQUIRE_MESSAGE(loaded.diagnostics.empty(), config::print(loaded.diagnostics));
  return std::move(loaded.graph);
}

/// One actor with one trigger on its cpu, and what became of it.
struct OneActor {
  explicit OneActor(const std::string& trigger)
      : triggers(graph_of("steadyd: 1\nactors: {a: {plugin: p, triggers: [" + trigger + "]}}\n")) {}

  /// What a look at `now` says: "active", "ended" or nothing.
  std::string look(std::chrono::nanoseconds now, std::optional<double> cpu) {
    values.of_actor.clear();
    if (cpu) values.of_actor[{0, Measure::Cpu}] = *cpu;
    changes = triggers.look(now, values);
    CHECK(changes.size() <= 1);
    return changes.empty() ? "" : triggers.state(changes[0].trigger).active ? "active" : "ended";
  }

  Triggers triggers;
  Values values;
  std::vector<Triggers::Changed> changes;
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_SUITE("runtime/triggers") {
  TEST_CASE("without a hold a trigger follows its condition from look to look") {
    OneActor one("{when: cpu > 90%}");
    CHECK(one.look(1s, 0.5).empty());
    CHECK(one.look(2s, 0.95) == "active");
    CHECK(one.look(3s, 0.99).empty());
    CHECK(one.look(4s, 0.5) == "ended");
    CHECK(one.changes[0].lasted == 2s);
    CHECK(one.look(5s, 0.5).empty());
    CHECK(one.look(6s, 0.95) == "active");
  }

  TEST_CASE("the threshold itself meets neither condition") {
    CHECK(OneActor("{when: cpu > 90%}").look(1s, 0.9).empty());
    CHECK(OneActor("{when: cpu < 90%}").look(1s, 0.9).empty());
    CHECK(OneActor("{when: cpu < 90%}").look(1s, 0.8999) == "active");
    CHECK(OneActor("{when: cpu > 0}").look(1s, 0.0).empty());
  }

  TEST_CASE("a condition must hold in every look of its hold") {
    OneActor one("{when: cpu > 90%, for: 5s}");
    CHECK(one.look(10s, 1.0).empty());
    CHECK(one.look(14'999ms, 1.0).empty());
    CHECK(one.look(15s, 1.0) == "active");
  }

  TEST_CASE("one look without it, and the hold begins anew") {
    OneActor one("{when: cpu > 90%, for: 5s}");
    CHECK(one.look(10s, 1.0).empty());
    CHECK(one.look(14s, 0.1).empty());
    CHECK(one.look(15s, 1.0).empty());
    CHECK(one.look(19s, 1.0).empty());
    CHECK(one.look(20s, 1.0) == "active");
    CHECK(one.look(21s, 0.1) == "ended");
    CHECK(one.look(22s, 1.0).empty());
    CHECK(one.look(27s, 1.0) == "active");
  }

  TEST_CASE("time in which nobody looked counts, if the condition held before and after") {
    OneActor one("{when: cpu > 90%, for: 5s}");
    CHECK(one.look(10s, 1.0).empty());
    CHECK(one.look(3600s, 1.0) == "active");
    OneActor first("{when: cpu > 90%, for: 5s}");
    CHECK(first.look(3600s, 1.0).empty());  // nothing is known of the time before the first look
  }

  TEST_CASE("a value that goes away ends a trigger and the wait for it, for every condition") {
    for (const std::string condition : {"cpu > 90%", "cpu < 200%"}) {
      INFO(condition);
      OneActor one("{when: " + condition + ", for: 1s}");
      CHECK(one.look(1s, std::nullopt).empty());
      CHECK(one.look(3s, 1.0).empty());
      CHECK(one.look(3500ms, std::nullopt).empty());
      CHECK(one.look(4s, 1.0).empty());
      CHECK(one.look(5s, 1.0) == "active");
      CHECK(one.look(6s, std::nullopt) == "ended");
      CHECK_FALSE(one.triggers.state(0).value);
    }
  }

  TEST_CASE("what is no number is not there") {
    for (const double value : {kInfinity, -kInfinity, kNotANumber}) {
      OneActor above("{when: cpu > 90%}");
      CHECK(above.look(1s, value).empty());
      CHECK_FALSE(above.triggers.of_actor(0)[0].value);
      CHECK(OneActor("{when: cpu < 90%}").look(1s, value).empty());
    }
  }

  TEST_CASE("everyone's triggers are looked at by index, and shown with their own") {
    Triggers triggers(graph_of(R"(steadyd: 1
actors:
  a: {plugin: p}
  b: {plugin: p, triggers: [{when: memory > 1Ki, colour: orange}, {when: step.p99.9 > 1ms, colour: red}]}
  c: {plugin: p, triggers: [{when: memory > 1Mi}]}
channels:
  - {from: a.out, to: b.in, triggers: [{when: fill > 50%}]}
  - {from: b.out, to: c.in, triggers: [{when: fill > 50%, colour: red}]}
)"));
    Values values;
    values.of_actor = {{{1, Measure::Memory}, 2048.0}, {{2, Measure::Memory}, 2048.0}, {{1, Measure::Step}, 0.002}};
    values.of_channel = {{{1, Measure::Fill}, 0.75}};
    const auto changes = triggers.look(1s, values);
    REQUIRE(changes.size() == 3);
    CHECK(triggers.state(changes[0].trigger).name == "b.out");
    CHECK(triggers.state(changes[0].trigger).kind == Triggers::Kind::Channel);
    CHECK(triggers.state(changes[1].trigger).name == "b");
    CHECK(triggers.state(changes[1].trigger).since == 1s);
    CHECK(triggers.of_actor(0).empty());
    const auto of_b = triggers.of_actor(1);
    REQUIRE(of_b.size() == 2);
    CHECK(of_b[0].when == "memory > 1Ki");
    CHECK(of_b[0].colour == "orange");
    CHECK(of_b[0].active);
    CHECK(of_b[0].value == 2048.0);
    CHECK(of_b[1].colour == "red");
    REQUIRE(triggers.of_actor(2).size() == 1);
    CHECK_FALSE(triggers.of_actor(2)[0].active);
    CHECK(triggers.of_actor(2)[0].value == 2048.0);
    CHECK_FALSE(triggers.of_channel(0).at(0).active);
    CHECK_FALSE(triggers.of_channel(0).at(0).value);
    CHECK(triggers.of_channel(1).at(0).active);
    CHECK(values.asked[3].kind == Aggregate::Kind::Percentile);
    CHECK(values.asked[3].percent == 99.9);
  }

  TEST_CASE("a graph without triggers has nothing to look at") {
    Triggers triggers(graph_of("steadyd: 1\nactors: {a: {plugin: p}}\n"));
    CHECK(triggers.empty());
    CHECK(triggers.look(1s, Values()).empty());
    CHECK(triggers.of_actor(0).empty());
  }
}

}  // namespace steady::runtime
