#include "topology/plan.hpp"

#include <doctest/doctest.h>

#include <string>

#include "config/load.hpp"

namespace steady::topology {
namespace {

Message message(const std::string& name, std::uint32_t size, std::vector<Field> fields = {}) {
  return {name, size, 1, std::move(fields)};
}

const Message kNumber = message("Number", 8, {{"value", "u64", 0, 1}});
const Message kVerdict = message("Verdict", 16, {{"value", "u64", 0, 1}, {"text", "char", 8, 8}});

Port port(const std::string& name, Direction direction, Kind kind, const Message& carried = {}) {
  Port out;
  out.name = name;
  out.direction = direction;
  out.kind = kind;
  out.optional = true;  // the tests that are about connecting say otherwise
  out.message = carried;
  return out;
}

Port in(const std::string& name, const Message& carried) {
  return port(name, Direction::Input, Kind::Messages, carried);
}
Port out(const std::string& name, const Message& carried) {
  return port(name, Direction::Output, Kind::Messages, carried);
}

ActorType type(const std::string& name, std::vector<Port> ports, std::vector<Parameter> parameters = {}) {
  ActorType made;
  made.name = name;
  made.ports = std::move(ports);
  made.parameters = std::move(parameters);
  return made;
}

/// Each type is a plugin of its own, with the same name.
Descriptions plugins(std::vector<ActorType> types) {
  Descriptions described;
  for (ActorType& one : types) {
    const std::string name = one.name;
    described.emplace(name, Description{name, "1", {std::move(one)}});
  }
  return described;
}

config::Graph graph_of(const std::string& yaml) {
  config::Loaded loaded = config::load("f", "steadyd: 1\n" + yaml, {});
  REQUIRE_MESSAGE(loaded.diagnostics.empty(), config::print(loaded.diagnostics));
  return std::move(loaded.graph);
}

Plan plan_of(const std::string& yaml, const Descriptions& described) {
  Resolution resolution = resolve(graph_of(yaml), described);
  REQUIRE_MESSAGE(resolution.diagnostics.empty(), config::print(resolution.diagnostics));
  return std::move(resolution.plan);
}

std::string problems(const std::string& yaml, const Descriptions& described) {
  return config::print(resolve(graph_of(yaml), described).diagnostics);
}

const std::string kPair = "actors:\n  a: {plugin: source}\n  b: {plugin: sink}\n";

/// What a channel from `from` to `to` says.
std::string joined(const Port& from, const Port& to) {
  return problems(kPair +
                      "channels:\n  - "
                      "a." +
                      from.name + " -> b." + to.name + "\n",
                  plugins({type("source", {from}), type("sink", {to})}));
}

PlannedChannel channel_of(const Port& from, const Port& to, const std::string& settings = "") {
  return plan_of(kPair + "channels: [{from: a." + from.name + ", to: b." + to.name + settings + "}]\n",
                 plugins({type("source", {from}), type("sink", {to})}))
      .channels.at(0);
}

}  // namespace

TEST_SUITE("topology/plan") {
  TEST_CASE("the actors of a thread hear the doorbell of the first of them, everybody else hears their own") {
    const Descriptions described = plugins({type("sink", {in("in", kNumber)})});
    const Plan plan = plan_of(R"(
actors:
  a: {plugin: sink}
  b: {plugin: sink, worker: one, thread: t}
  c: {plugin: sink, worker: one}
  d: {plugin: sink, worker: one, thread: t}
  e: {plugin: sink, worker: two, thread: t}
)",
                              described);
    std::vector<std::size_t> bells;
    for (const PlannedActor& actor : plan.actors) bells.push_back(actor.bell);
    CHECK(bells == std::vector<std::size_t>{0, 1, 2, 1, 4});
  }

  TEST_CASE("actors, channels, ends and workers of a plan name each other by index") {
    const Descriptions described = plugins({type("source", {out("out", kNumber), out("more", kNumber)}),
                                            type("sink", {in("in", kNumber), in("other", kNumber)})});
    const Plan plan = plan_of(
        "actors:\n  a: {plugin: source, worker: w}\n  b: {plugin: sink}\n  c: {plugin: sink, worker: w}\n"
        "channels:\n  - {from: a.more, to: [b.other, c.in]}\n  - a.out -> b.in\n",
        described);
    REQUIRE(plan.actors.size() == 3);
    REQUIRE(plan.channels.size() == 2);
    const PlannedChannel& more = plan.channels[0];
    CHECK(more.name == "a.more");
    CHECK(more.producer == 0);
    CHECK(more.producer_port == "more");
    CHECK(more.consumers == std::vector<std::size_t>{1, 2});
    CHECK(more.consumer_ports == std::vector<std::string>{"other", "in"});
    CHECK(more.known);
    CHECK_FALSE(more.frames);
    CHECK(more.message.name == "Number");
    REQUIRE(plan.actors[0].outputs.size() == 2);
    CHECK(plan.actors[0].outputs[0].port == 1);
    CHECK(plan.actors[0].outputs[0].channel == 0);
    CHECK(plan.actors[0].outputs[1].port == 0);
    REQUIRE(plan.actors[1].inputs.size() == 2);
    CHECK(plan.actors[1].inputs[0].port == 1);
    CHECK(plan.actors[1].inputs[0].reader == 0);
    CHECK(plan.actors[2].inputs.at(0).reader == 1);
    REQUIRE(plan.workers.size() == 2);
    CHECK(plan.workers[0].name == "w");
    CHECK(plan.workers[0].actors == std::vector<std::size_t>{0, 2});
    CHECK(plan.workers[1].name == "b");
    CHECK(plan.actors[1].worker == 1);
    CHECK(plan.actors[2].worker == 0);
  }

  TEST_CASE("a plugin that cannot be described makes its actors unavailable and is no diagnostic") {
    Descriptions described = plugins({type("sink", {in("in", kNumber)})});
    described.emplace("source", fail(ErrorCode::NotFound, "no such library"));
    const Plan plan = plan_of(kPair + "channels: [a.out -> b.in]\n", described);
    CHECK(plan.actors[0].unavailable == "no such library");
    CHECK(plan.actors[0].type.ports.empty());
    CHECK(plan.actors[0].outputs.empty());
    CHECK(plan.actors[1].unavailable.empty());
    CHECK(plan.channels[0].known);
    CHECK(plan.channels[0].message.name == "Number");
    CHECK(plan.channels[0].capacity_messages == 65536);
    CHECK(plan_of(kPair, plugins({type("sink", {})})).actors[0].unavailable == "the plugin 'source' was not described");
  }

  TEST_CASE("a channel whose ends nobody can describe is not known") {
    CHECK_FALSE(plan_of(kPair + "channels: [a.out -> b.in]\n", {}).channels[0].known);
    const Descriptions described = plugins({type("sink", {port("in", Direction::Input, Kind::Any)})});
    const Plan plan = plan_of(kPair + "channels: [a.out -> b.in]\n", described);
    CHECK_FALSE(plan.channels[0].known);
    CHECK(plan.channels[0].capacity_bytes == 0);
    CHECK(plan.actors[1].inputs.size() == 1);
  }

  TEST_CASE("a type may be left out only when the plugin offers one") {
    Descriptions described;
    described.emplace("source", Description{"source", "1", {type("Parse", {}), type("Count", {})}});
    CHECK(problems("actors:\n  a: {plugin: source}\n", described) ==
          "f:3:3: actors.a: the key 'type' is missing; the plugin 'source' offers Parse, Count\n");
    CHECK(
        problems("actors:\n  a: {plugin: source, type: Prase}\n", described) ==
        "f:3:3: actors.a.type: unknown type 'Prase'; the plugin 'source' offers Parse, Count, did you mean 'Parse'?\n");
    CHECK(plan_of("actors:\n  a: {plugin: source, type: Count}\n", described).actors[0].type.name == "Count");
  }

  TEST_CASE("unknown ports and wrong directions are diagnostics") {
    const Descriptions described =
        plugins({type("source", {out("numbers", kNumber)}), type("sink", {in("numbers", kNumber)})});
    CHECK(problems(kPair + "channels:\n  - a.nubmers -> b.numbers\n", described) ==
          "f:6:5: channels[0].from: unknown output 'nubmers' of source, did you mean 'numbers'?\n");
    CHECK(problems(kPair + "channels:\n  - {from: a.numbers, to: [b.x]}\n", described) ==
          "f:6:28: channels[0].to: unknown input 'x' of sink\n");
    CHECK(problems(kPair + "channels:\n  - b.numbers -> a.numbers\n", described) ==
          "f:6:5: channels[0].from: 'numbers' is an input, expected an output\n"
          "f:6:5: channels[0].to: 'numbers' is an output, expected an input\n");
  }

  TEST_CASE("parameters are checked against their types") {
    const auto parameter = [](const std::string& name, const std::string& kind, bool required = false) {
      return Parameter{name, kind, "", "", required};
    };
    const Descriptions described =
        plugins({type("source", {},
                      {parameter("count", "integer"), parameter("rate", "real"), parameter("loop", "boolean"),
                       parameter("path", "text"), parameter("every", "duration"), parameter("buffer", "size")})});
    const auto with = [&](const std::string& params) {
      return problems("actors:\n  a:\n    plugin: source\n    params: {" + params + "}\n", described);
    };
    CHECK(with("count: -5, rate: -1.5e3, loop: yes, path: '', every: 1.5s, buffer: 16MiB").empty());
    CHECK(with("count: 1.5") == "f:5:21: actors.a.params.count: expected a whole number of 64 bits, found '1.5'\n");
    CHECK(with("count: 9223372036854775808") ==
          "f:5:21: actors.a.params.count: expected a whole number of 64 bits, found '9223372036854775808'\n");
    CHECK(with("count: ''") == "f:5:21: actors.a.params.count: expected a whole number of 64 bits, found ''\n");
    CHECK(with("rate: fast") == "f:5:20: actors.a.params.rate: expected a number, found 'fast'\n");
    CHECK(with("rate: nan") == "f:5:20: actors.a.params.rate: expected a number, found 'nan'\n");
    CHECK(with("loop: maybe") == "f:5:20: actors.a.params.loop: expected true or false, found 'maybe'\n");
    CHECK(with("every: 5") == "f:5:21: actors.a.params.every: expected a duration such as 20ms or 1.5s, found '5'\n");
    CHECK(with("buffer: 1K") ==
          "f:5:22: actors.a.params.buffer: expected a size such as 512, 64Ki or 16MiB, found '1K'\n");
    CHECK(with("cuont: 5") ==
          "f:5:21: actors.a.params.cuont: unknown parameter 'cuont' of source, did you mean 'count'?\n");
    CHECK(problems("actors:\n  a: {plugin: need}\n", plugins({type("need", {}, {parameter("path", "text", true)})})) ==
          "f:3:3: actors.a.params: the parameter 'path' (text) is missing\n");
  }

  TEST_CASE("a port that is not optional must be connected") {
    Port input = in("in", kNumber);
    Port output = out("out", kNumber);
    input.optional = output.optional = false;
    const Descriptions described = plugins({type("source", {output}), type("sink", {input})});
    CHECK(problems(kPair, described) ==
          "f:3:3: actors.a: no channel is connected to the output 'out'\n"
          "f:4:3: actors.b: no channel is connected to the input 'in'\n");
    CHECK(problems(kPair + "channels: [a.out -> b.in]\n", described).empty());
  }

  TEST_CASE("a port takes one channel unless it says many") {
    const std::string yaml = kPair + "channels:\n  - a.x -> b.in\n  - a.y -> b.in\n";
    const auto with = [&](bool many) {
      Port input = in("in", kNumber);
      input.many = many;
      return plugins({type("source", {out("x", kNumber), out("y", kNumber)}), type("sink", {input})});
    };
    CHECK(problems(yaml, with(false)) ==
          "f:7:5: channels[1].to: the input 'b.in' takes one channel, and this is its second\n");
    const Plan plan = plan_of(yaml, with(true));
    REQUIRE(plan.actors[1].inputs.size() == 2);
    CHECK(plan.actors[1].inputs[0].channel == 0);
    CHECK(plan.actors[1].inputs[1].channel == 1);
  }

  TEST_CASE("the ends of a channel must carry the same thing") {
    CHECK(joined(out("o", kNumber), in("i", kNumber)).empty());
    CHECK(joined(out("o", kNumber), in("i", kVerdict)) ==
          "f:6:5: channels[0].to: 'b.i' carries Verdict{value: u64, text: char[8]} of 16 bytes, but 'a.o' carries "
          "Number{value: u64} of 8 bytes\n");
    CHECK(joined(out("o", kNumber), port("i", Direction::Input, Kind::Frames)) ==
          "f:6:5: channels[0].to: 'b.i' carries frames, but 'a.o' carries Number{value: u64} of 8 bytes\n");
    CHECK(joined(port("o", Direction::Output, Kind::Frames), in("i", kNumber)) ==
          "f:6:5: channels[0].to: 'b.i' carries Number{value: u64} of 8 bytes, but 'a.o' carries frames\n");
    CHECK(joined(out("o", kNumber), port("i", Direction::Input, Kind::Any)).empty());
    CHECK(joined(port("o", Direction::Output, Kind::Frames), port("i", Direction::Input, Kind::Any)).empty());
  }

  TEST_CASE("described messages agree by their fields and others by size and name") {
    CHECK(joined(out("o", kNumber), in("i", message("Count", 8, kNumber.fields))).empty());
    CHECK(joined(out("o", kNumber), in("i", message("Number", 8))).empty());
    CHECK(joined(out("o", message("Number", 8)), in("i", message("Number", 8))).empty());
    CHECK(joined(out("o", kNumber), in("i", message("Other", 8))) ==
          "f:6:5: channels[0].to: 'b.i' carries Other of 8 bytes, but 'a.o' carries Number{value: u64} of 8 bytes\n");
    CHECK_FALSE(joined(out("o", message("Number", 8)), in("i", message("Number", 16))).empty());
    CHECK_FALSE(joined(out("o", kNumber), in("i", message("Number", 8, {{"value", "i64", 0, 1}}))).empty());
    CHECK_FALSE(joined(out("o", kNumber), in("i", message("Number", 8, {{"count", "u64", 0, 1}}))).empty());
  }

  TEST_CASE("layouts that differ only in their offsets are printed with them") {
    const Message early = message("M", 8, {{"x", "u8", 0, 1}});
    const Message late = message("M", 8, {{"x", "u8", 4, 1}});
    CHECK(
        joined(out("o", early), in("i", late)) ==
        "f:6:5: channels[0].to: 'b.i' carries M{x: u8 at 4} of 8 bytes, but 'a.o' carries M{x: u8 at 0} of 8 bytes\n");
  }

  TEST_CASE("two readers of an unknown producer must agree with each other") {
    const Descriptions described = plugins({type("one", {in("in", kNumber)}), type("two", {in("in", kVerdict)})});
    CHECK(
        problems("actors: {a: {plugin: gone}, b: {plugin: one}, c: {plugin: two}}\n"
                 "channels:\n  - {from: a.out, to: [b.in, c.in]}\n",
                 described) ==
        "f:4:30: channels[0].to[1]: 'c.in' carries Verdict{value: u64, text: char[8]} of 16 bytes, but 'b.in' carries "
        "Number{value: u64} of 8 bytes\n");
  }

  TEST_CASE("a reader's fields describe what the producer did not, also to the next reader") {
    const Message other = message("Number", 8, {{"value", "f64", 0, 1}});
    const Descriptions described = plugins({type("source", {out("out", message("Number", 8))}),
                                            type("one", {in("in", kNumber)}), type("two", {in("in", other)})});
    const std::string actors = "actors: {a: {plugin: source}, b: {plugin: one}, c: {plugin: two}}\nchannels:\n";
    CHECK(plan_of(actors + "  - a.out -> b.in\n", described).channels[0].message.fields == kNumber.fields);
    CHECK_FALSE(problems(actors + "  - {from: a.out, to: [b.in, c.in]}\n", described).empty());
  }

  TEST_CASE("the default capacity is 64 Ki messages, fewer when they are large, or 1 MiB of frames") {
    const auto of_size = [](std::uint32_t size) {
      return channel_of(out("o", message("M", size)), in("i", message("M", size)));
    };
    CHECK(of_size(8).capacity_messages == 65536);
    CHECK(of_size(8).capacity_bytes == 524288);
    CHECK(of_size(1024).capacity_messages == 65536);
    CHECK(of_size(1025).capacity_messages == 65472);
    CHECK(of_size(1U << 20).capacity_messages == 64);
    CHECK(of_size(1U << 20).capacity_bytes == 64U << 20);
    const Port frames_out = port("o", Direction::Output, Kind::Frames);
    const Port frames_in = port("i", Direction::Input, Kind::Frames);
    CHECK(channel_of(frames_out, frames_in).frames);
    CHECK(channel_of(frames_out, frames_in).capacity_messages == 0);
    CHECK(channel_of(frames_out, frames_in).capacity_bytes == 1U << 20);
    CHECK(channel_of(frames_out, frames_in, ", capacity: 4Ki").capacity_bytes == 4096);
    CHECK(channel_of(out("o", kNumber), in("i", kNumber), ", capacity: 1").capacity_bytes == 8);
    CHECK(channel_of(out("o", kNumber), in("i", kNumber), ", capacity: 128Mi").capacity_bytes == 1U << 30);
  }

  TEST_CASE("a capacity that is too small or too large is a diagnostic") {
    const auto with = [](const Port& from, const Port& to, const std::string& capacity) {
      return problems(kPair + "channels:\n  - {from: a.o, to: b.i, capacity: " + capacity + "}\n",
                      plugins({type("source", {from}), type("sink", {to})}));
    };
    CHECK(with(port("o", Direction::Output, Kind::Frames), port("i", Direction::Input, Kind::Frames), "4095") ==
          "f:6:5: channels[0].capacity: a channel of frames needs 4Ki to 1Gi bytes, found 4095\n");
    CHECK(with(out("o", kNumber), in("i", kNumber), "134217729") ==
          "f:6:5: channels[0].capacity: expected 1 to 128Mi messages of 8 bytes (at most 1GiB in all), found "
          "134217729\n");
  }

  TEST_CASE("a window is a part of the capacity, and no reader waits for more than that") {
    const auto with = [](const Port& from, const Port& to, const std::string& window, const std::string& input = "") {
      return problems("actors:\n  a: {plugin: source}\n  b: {plugin: sink, inputs: {i: {" + input +
                          "}}}\nchannels:\n  - {from: a.o, to: b.i, capacity: 8Ki, window: " + window + "}\n",
                      plugins({type("source", {from}), type("sink", {to})}));
    };
    const Port numbers_out = out("o", kNumber);
    const Port numbers_in = in("i", kNumber);
    const Port frames_out = port("o", Direction::Output, Kind::Frames);
    const Port frames_in = port("i", Direction::Input, Kind::Frames);
    CHECK(with(numbers_out, numbers_in, "1") == "");
    CHECK(with(frames_out, frames_in, "4Ki") == "");
    CHECK(with(numbers_out, numbers_in, "16", "min: 16, max: 8Ki") == "");
    CHECK(with(numbers_out, numbers_in, "16Ki") ==
          "f:6:5: channels[0].window: expected 1 up to the capacity of 8Ki, found 16Ki\n");
    CHECK(with(frames_out, frames_in, "4095") ==
          "f:6:5: channels[0].window: expected 4Ki up to the capacity of 8Ki, found 4095\n");
    CHECK(with(numbers_out, numbers_in, "16", "min: 17") ==
          "f:4:30: actors.b.inputs.i.min: expected at most the 16 messages that the window of the channel from 'a.o' "
          "holds, found 17\n");
  }

  TEST_CASE("inputs are tuned by name and never beyond what the channel holds") {
    const Descriptions described =
        plugins({type("source", {out("out", kNumber)}), type("sink", {in("in", kNumber), out("o", kNumber)})});
    const auto tuned = [&](const std::string& inputs, const std::string& capacity = "64") {
      return problems("actors:\n  a: {plugin: source}\n  b:\n    plugin: sink\n    inputs: {" + inputs +
                          "}\nchannels: [{from: a.out, to: b.in, capacity: " + capacity + "}]\n",
                      described);
    };
    CHECK(tuned("in: {min: 64, max: 64}").empty());
    CHECK(tuned("in: {min: 65}") ==
          "f:6:14: actors.b.inputs.in.min: expected at most the 64 messages that the channel from 'a.out' holds, found "
          "65\n");
    CHECK(tuned("in: {max: 65}") ==
          "f:6:14: actors.b.inputs.in.max: expected at most the 64 messages that the channel from 'a.out' holds, found "
          "65\n");
    CHECK(tuned("ni: {min: 1}") == "f:6:14: actors.b.inputs.ni: unknown input 'ni' of sink, did you mean 'in'?\n");
    CHECK(tuned("o: {min: 1}") == "f:6:14: actors.b.inputs.o: 'o' is an output, expected an input\n");
  }

  TEST_CASE("an actor has at most 250 ends of channels") {
    const auto with = [](int count) {
      std::vector<Port> outputs;
      std::string yaml = kPair + "channels:\n";
      for (int i = 0; i < count; ++i) {
        outputs.push_back(out("o" + std::to_string(i), kNumber));
        yaml += "  - a.o" + std::to_string(i) + " -> b.in\n";
      }
      Port input = in("in", kNumber);
      input.many = true;
      return problems(yaml, plugins({type("source", outputs), type("sink", {input})}));
    };
    CHECK(with(250).empty());
    CHECK(with(251) ==
          "f:3:3: actors.a: expected at most 250 ends of channels, found 251\n"
          "f:4:3: actors.b: expected at most 250 ends of channels, found 251\n");
  }

  TEST_CASE("a channel's key counts within its own file") {
    const config::Loaded loaded = config::load(
        {"main", "steadyd: 1\nactors: {a: {plugin: source}, b: {plugin: sink}}\nchannels: [a.out -> b.in]\n"},
        {{"conf.d/x", "channels: [a.more -> b.gone]\n"}}, {});
    REQUIRE(loaded.diagnostics.empty());
    const Descriptions described =
        plugins({type("source", {out("out", kNumber), out("more", kNumber)}), type("sink", {in("in", kNumber)})});
    CHECK(config::print(resolve(loaded.graph, described).diagnostics) ==
          "conf.d/x:1:12: channels[0].to: unknown input 'gone' of sink\n");
  }
}

}  // namespace steady::topology
