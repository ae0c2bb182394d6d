// What operators and latency targets change, and what of it a new plan has.
#include "runtime/tunings.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "config/load.hpp"

namespace steady::runtime {
namespace {

constexpr const char* kYaml = R"(steadyd: 1
actors:
  a: {plugin: p}
  b: {plugin: p, inputs: {in: {max: 64}}}
channels:
  - {from: a.out, to: b.in, capacity: 1024, window: 512}
paths:
  - {from: a, to: b, latency_target: 2ms}
)";

topology::Port port(const std::string& name, topology::Direction direction) {
  topology::Port made;
  made.name = name;
  made.direction = direction;
  return made;
}

struct Service {
  config::Graph graph = config::load("f", kYaml, {}).graph;
  Tunings tunings{graph};

  /// As it is resolved: without any change.
  [[nodiscard]] topology::Plan fresh() const {
    topology::Plan plan;
    for (const config::Actor& spec : graph.actors) plan.actors.emplace_back().spec = spec;
    plan.actors[0].type.ports = {port("out", topology::Direction::Output)};
    plan.actors[1].type.ports = {port("in", topology::Direction::Input)};
    plan.actors[0].outputs = {{0, 0, 0}};
    plan.actors[1].inputs = {{0, 0, 0}};
    topology::PlannedChannel& channel = plan.channels.emplace_back();
    channel.name = "a.out";
    channel.consumers = {1};
    channel.consumer_ports = {"in"};
    channel.known = true;
    channel.message.size_bytes = 8;
    channel.capacity_messages = 1024;
    channel.capacity_bytes = 8192;
    tunings.apply(plan);
    return plan;
  }
  [[nodiscard]] Status set(const std::string& target, const std::map<std::string, std::string>& values) {
    const topology::Plan plan = fresh();
    return tunings.set(plan, *TuningTarget::find(plan, target), values);
  }
};

}  // namespace

TEST_SUITE("runtime/tunings") {
  TEST_CASE("every new plan has what was set, and default goes back to the configuration") {
    Service service;
    CHECK(service.fresh().channels[0].window_bytes == 512 * 8);
    REQUIRE(service.set("b.in", {{"min", "16"}, {"max", "32"}, {"max_wait", "2ms"}}));
    REQUIRE(service.set("a.out", {{"window", "100"}}));
    const ipc::Tuning tuning = tuning_for(service.fresh(), 1, {0, 0, 0});
    CHECK(tuning.channel == "a.out");
    CHECK(tuning.port == "in");
    CHECK(tuning.min == 16);
    CHECK(tuning.max == 32);
    CHECK(tuning.max_wait_ns == 2'000'000);
    CHECK(tuning.window_bytes == 800);
    REQUIRE(service.set("b.in", {{"min", "default"}, {"max", "default"}, {"max_wait", "default"}}));
    REQUIRE(service.set("a.out", {{"window", "default"}}));
    const ipc::Tuning again = tuning_for(service.fresh(), 1, {0, 0, 0});
    CHECK(again.min == 1);
    CHECK(again.max == 64);
    CHECK(again.max_wait_ns == 0);
    CHECK(again.window_bytes == 512 * 8);
  }

  TEST_CASE("of several values all are taken or none") {
    Service service;
    CHECK_FALSE(service.set("b.in", {{"max", "7"}, {"min", "8"}}));
    CHECK_FALSE(service.set("b.in", {{"max", "7"}, {"min", "x"}}));
    CHECK(service.fresh().actors[1].spec.inputs.at("in").max == 64);
  }

  TEST_CASE("a latency target has the last word on a window, and nobody else may set it") {
    Service service;
    service.tunings.reserve(0, 0);
    const Status refused = service.set("a.out", {{"window", "100"}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("the latency_target of the path a -> b") != std::string::npos);
    service.tunings.control(0, 40);
    CHECK(service.fresh().channels[0].window == 40);
    CHECK(service.tunings.window_origin(0) == std::string("latency_target"));
  }
}

}  // namespace steady::runtime
