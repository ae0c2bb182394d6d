// What the `when` of a trigger means, and what a trigger of a file becomes.
#include "config/trigger.hpp"

#include "support.hpp"

namespace steady::config {
namespace {

using namespace std::chrono_literals;
using Kind = Aggregate::Kind;

Trigger parsed(const std::string& when, TriggerOf of) {
  const auto trigger = parse_when(when, of);
  REQUIRE_MESSAGE(trigger, trigger.error().message);
  return *trigger;
}
Trigger of_channel(const std::string& when) { return parsed(when, TriggerOf::Channel); }
Trigger of_actor(const std::string& when) { return parsed(when, TriggerOf::Actor); }

std::string wrong(const std::string& when, TriggerOf of = TriggerOf::Actor) {
  const auto trigger = parse_when(when, of);
  return trigger ? "nothing is wrong" : trigger.error().message;
}

Graph graph_with(const std::string& trigger) {
  return graph_of("steadyd: 1\nactors: {a: {plugin: demo, triggers: [" + trigger + "]}}\n");
}

}  // namespace

TEST_SUITE("config/trigger") {
  TEST_CASE("thresholds are in base units, however they were written") {
    CHECK(of_channel("fill > 80%").threshold == 0.8);
    CHECK(of_channel("fill > 0.8").threshold == 0.8);
    CHECK(of_channel("fill > 100%").threshold == 1.0);
    CHECK(of_channel("inflight > 10k").threshold == 10'000.0);
    CHECK(of_channel("inflight.mean > 0.5").threshold == 0.5);
    CHECK(of_channel("rate > 10k").threshold == 10'000.0);
    CHECK(of_channel("rate < 2.5k/s").threshold == 2'500.0);
    CHECK(of_channel("rate < 0.5/s").threshold == 0.5);
    CHECK(of_channel("latency > 5ms").threshold == 0.005);
    CHECK(of_channel("latency > 250us").threshold == 0.00025);
    CHECK(of_actor("cpu > 90%").threshold == 0.9);
    CHECK(of_actor("cpu > 250%").threshold == 2.5);
    CHECK(of_actor("cpu > 2.5").threshold == 2.5);
    CHECK(of_actor("memory > 512MiB").threshold == 536'870'912.0);
    CHECK(of_actor("memory > 1k").threshold == 1'000.0);
    CHECK(of_actor("step > 1.5s").threshold == 1.5);
    CHECK(of_actor("batch < 4Ki").threshold == 4'096.0);
    CHECK(of_actor("steps > 2M/s").threshold == 2'000'000.0);
    CHECK(of_actor("blocked > 30%").threshold == 0.3);
    CHECK(of_actor("idle < 0").threshold == 0.0);
  }

  TEST_CASE("every measure belongs to either channels or actors") {
    CHECK(of_channel("fill > 0").measure == Measure::Fill);
    CHECK(of_channel("inflight > 0").measure == Measure::Inflight);
    CHECK(of_channel("rate > 0").measure == Measure::Rate);
    CHECK(of_channel("latency > 0").measure == Measure::Latency);
    CHECK(of_actor("cpu > 0").measure == Measure::Cpu);
    CHECK(of_actor("memory > 0").measure == Measure::Memory);
    CHECK(of_actor("step > 0").measure == Measure::Step);
    CHECK(of_actor("batch > 0").measure == Measure::Batch);
    CHECK(of_actor("steps > 0").measure == Measure::Steps);
    CHECK(of_actor("blocked > 0").measure == Measure::Blocked);
    CHECK(of_actor("idle > 0").measure == Measure::Idle);
    for (const char* const name : {"fill", "inflight", "rate", "latency"})
      CHECK(wrong(std::string(name) + " > 0").ends_with("', which only a channel has"));
    for (const char* const name : {"cpu", "memory", "step", "batch", "steps", "blocked", "idle"})
      CHECK(wrong(std::string(name) + " > 0", TriggerOf::Channel).ends_with("', which only an actor has"));
  }

  TEST_CASE("without an aggregate the present value counts") {
    CHECK(of_actor("cpu > 1").aggregate.kind == Kind::Now);
    CHECK(of_actor("cpu.now > 1").aggregate.kind == Kind::Now);
    CHECK(of_actor("cpu.mean > 1").aggregate.kind == Kind::Mean);
    CHECK(of_actor("cpu.min > 1").aggregate.kind == Kind::Min);
    CHECK(of_actor("cpu.max > 1").aggregate.kind == Kind::Max);
    CHECK(of_actor("cpu.deviation > 1").aggregate.kind == Kind::Deviation);
  }

  TEST_CASE("a percentile is what it says: p99.9 has a point, and nothing is beyond p100") {
    CHECK(of_actor("step.p0 > 1s").aggregate.percent == 0.0);
    CHECK(of_actor("step.p50 > 1s").aggregate.percent == 50.0);
    CHECK(of_actor("step.p99.9 > 1s").aggregate.percent == 99.9);
    CHECK(of_actor("step.p100 > 1s").aggregate.percent == 100.0);
    CHECK(of_actor("step.p99.9 > 1s").aggregate.kind == Kind::Percentile);
    for (const char* const name : {"p", "p999", "p-1", "p100.1", "pp", "p05", "p1e1", "P99", "p99%", "pinf"})
      CHECK(wrong(std::string("step.") + name + " > 1s").find("pN with N from 0 to 100") != std::string::npos);
  }

  TEST_CASE("words of other tools are understood, though not taken") {
    CHECK(wrong("cpu.stddev > 1").ends_with("found 'stddev', did you mean 'deviation'?"));
    CHECK(wrong("cpu.avg > 1").ends_with("found 'avg', did you mean 'mean'?"));
    CHECK(wrong("cpu.median > 1").ends_with("found 'median', did you mean 'p50'?"));
  }

  TEST_CASE("blanks do not matter, and what is shown has single ones") {
    CHECK(of_actor("cpu.mean>90%").when == "cpu.mean > 90%");
    CHECK(of_actor("  cpu\t<   1.50  ").when == "cpu < 1.50");
    CHECK(of_actor("cpu > 1").above);
    CHECK_FALSE(of_actor("cpu < 1").above);
  }

  TEST_CASE("no text is taken for a number") {
    for (const char* const text : {"nan", "inf", "-0", "1e3", "0x10", "+1", "1,5", "1 000", "", "%", "1%%", "1/s/s"}) {
      INFO(std::string(text));
      CHECK(wrong(std::string("cpu > ") + text).starts_with("expected cores such as"));
      CHECK(wrong(std::string("rate > ") + text, TriggerOf::Channel).starts_with("expected a number per second"));
      CHECK(wrong(std::string("fill > ") + text, TriggerOf::Channel).starts_with("expected a ratio"));
    }
    CHECK(wrong("cpu > " + std::string(400, '9')).starts_with("expected cores"));
    CHECK(wrong("memory > 9000000000Gi").starts_with("expected a size"));
  }

  TEST_CASE("a trigger has no more than its condition unless told otherwise") {
    const Trigger trigger = graph_with("{when: cpu > 1}").actors[0].triggers.at(0);
    CHECK(trigger.hold == 0ns);
    CHECK(trigger.colour == Colour::Yellow);
    CHECK(trigger.command.empty());
    CHECK(trigger.position.line == 2);
  }

  TEST_CASE("what follows from a trigger is read beside its condition") {
    const Graph graph = graph_of(
        "steadyd: 1\nactors: {a: {plugin: demo}}\nchannels:\n"
        "  - {from: a.out, to: a.in, injectable: true, triggers: [{on_trigger: [/bin/page, 1, ''], colour: red, "
        "for: 2s, when: fill < 5%}, {when: fill < 5%}]}\n  - {from: a.more, to: a.in}\nlog: {format: journald}\n");
    const Channel& channel = graph.channels.at(0);
    REQUIRE(channel.triggers.size() == 2);
    CHECK(channel.triggers[0].when == "fill < 5%");
    CHECK(channel.triggers[0].hold == 2s);
    CHECK(channel.triggers[0].colour == Colour::Red);
    CHECK(channel.triggers[0].command == std::vector<std::string>{"/bin/page", "1", ""});
    CHECK(channel.injectable);
    CHECK_FALSE(graph.channels.at(1).injectable);
    CHECK(graph.log == LogFormat::Journald);
    CHECK(graph_with("{when: cpu > 1}").log == LogFormat::Auto);
  }

  TEST_CASE("a command's path starts beside the main file, and a mere name stays one") {
    const auto command_of = [](const std::string& written) {
      const std::string yaml =
          "steadyd: 1\nactors: {a: {plugin: demo, triggers: [{when: cpu > 1, on_trigger: " + written + "}]}}\n";
      const Loaded loaded = load("etc/steadyd.yaml", yaml, {});
      REQUIRE_MESSAGE(loaded.diagnostics.empty(), print(loaded.diagnostics));
      return loaded.graph.actors[0].triggers[0].command;
    };
    CHECK(command_of("page") == std::vector<std::string>{"page"});
    CHECK(command_of("/bin/page") == std::vector<std::string>{"/bin/page"});
    CHECK(command_of("[hooks/page, hooks/page]") == std::vector<std::string>{"etc/hooks/page", "hooks/page"});
    CHECK(command_of("./page") == std::vector<std::string>{"etc/./page"});
  }
}

}  // namespace steady::config
