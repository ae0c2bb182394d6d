#include "config/load.hpp"

#include "support.hpp"

namespace steady::config {
namespace {

using namespace std::chrono_literals;

const std::string kTwo = "steadyd: 1\nactors:\n  a: {plugin: demo}\n  b: {plugin: demo}\n";

std::string many_actors(int count) {
  std::string out = "steadyd: 1\nactors:\n";
  for (int i = 0; i < count; ++i) out += "  a" + std::to_string(i) + ": {plugin: demo}\n";
  return out;
}

std::string many_channels(int count) {
  std::string out = kTwo + "channels:\n";
  for (int i = 0; i < count; ++i) out += "  - a.o" + std::to_string(i) + " -> b.in\n";
  return out;
}

}  // namespace

TEST_SUITE("config/load") {
  TEST_CASE("an actor that says nothing but its plugin gets the documented defaults") {
    const Graph graph = graph_of("steadyd: 1\nactors: {a: {plugin: demo}}\n");
    REQUIRE(graph.actors.size() == 1);
    const Actor& actor = graph.actors[0];
    CHECK(actor.name == "a");
    CHECK(actor.plugin == "demo");
    CHECK(actor.type.empty());
    CHECK(actor.restart == Restart::Permanent);
    CHECK(actor.shutdown.grace == 5s);
    CHECK_FALSE(actor.significant);
    CHECK(actor.wait == Wait::Adaptive);
    CHECK_FALSE(actor.life.has_value());
    CHECK(actor.start_timeout == 10s);
    CHECK_FALSE(actor.standby);
    CHECK(actor.worker.empty());
    CHECK(graph.name == "steadyd");
    CHECK(graph.telemetry.listen == "127.0.0.1:9900");
    CHECK(graph.telemetry.frame == 100ms);
    CHECK(graph.telemetry.sampling);
  }

  TEST_CASE("every key reaches the graph") {
    const Loaded loaded = load_file((fixtures() / "valid" / "every_key.yaml").string(), {});
    REQUIRE_MESSAGE(loaded.diagnostics.empty(), print(loaded.diagnostics));
    const Graph& graph = loaded.graph;
    CHECK(graph.name == "every-key");
    CHECK(graph.telemetry.listen == "[::1]:0");
    CHECK(graph.telemetry.frame == 250ms);
    CHECK_FALSE(graph.telemetry.sampling);
    CHECK(graph.log == LogFormat::Json);

    const Actor& source = *graph.find_actor("source");
    CHECK(source.type == "generator");
    CHECK(source.params.at("text").text == "a $ and a default");
    CHECK(source.params.at("number").text == "010");
    CHECK(source.params.at("pattern").text == "^a$");
    CHECK(source.params.at("empty").text.empty());
    CHECK(source.params.at("number").position.line == 19);
    CHECK(source.restart == Restart::Transient);
    CHECK(source.shutdown.grace == 60s);
    CHECK(source.significant);
    CHECK(source.wait == Wait::Spin);
    CHECK(source.life == Life::Disk);
    CHECK(source.start_timeout == 500ms);
    CHECK(source.standby);
    CHECK(source.worker == "front");
    CHECK(source.placement.cpus == std::vector<unsigned>{0, 2, 3});
    CHECK(source.placement.nice == -5);
    CHECK(source.placement.sched == Scheduling{RealTime::RoundRobin, 10});
    CHECK(source.placement.numa == 0);
    CHECK_FALSE(source.placement.lock_memory.has_value());
    REQUIRE(source.triggers.size() == 3);
    CHECK(source.triggers[1].when == "step.p99.9 > 50ms");
    CHECK(source.triggers[1].command == std::vector<std::string>{"/usr/local/bin/page", "source", "1"});
    CHECK(source.triggers[2].when == "idle < 5%");

    const Actor& filter = *graph.find_actor("filter");
    CHECK(filter.inputs.at("in").min == 8);
    CHECK(filter.inputs.at("in").max == 1024);
    CHECK(filter.inputs.at("in").max_wait == 1500us);
    CHECK(filter.wait == Wait::Block);
    CHECK(filter.life == Life::Memory);
    CHECK(graph.find_actor("sink")->shutdown.grace == 0ns);
    CHECK(graph.find_actor("sink")->restart == Restart::Temporary);
    CHECK(filter.placement.cpus == source.placement.cpus);
    CHECK(filter.placement.lock_memory == true);
    CHECK(graph.find_actor("sink")->placement.cpus == std::vector<unsigned>{1});
    CHECK(graph.find_actor("sink")->placement.sched == Scheduling{RealTime::Fifo, 1});
    CHECK_FALSE(graph.find_actor("loop")->shutdown.grace.has_value());

    const Supervisor& root = graph.supervision;
    CHECK(root.name == "top");
    CHECK(root.strategy == Strategy::OneForAll);
    CHECK(root.intensity == 0);
    CHECK(root.period == 60s);
    CHECK(root.backoff.first == 10ms);
    CHECK(root.backoff.min == 20ms);
    CHECK(root.backoff.max == 1s);
    CHECK(root.backoff.factor == doctest::Approx(1.5));
    CHECK(root.backoff.jitter == doctest::Approx(0));
    CHECK(root.backoff.stable == 5s);
    CHECK(root.shutdown.grace == 30s);
    CHECK(root.auto_shutdown == AutoShutdown::AllSignificant);
    CHECK(root.on_give_up == OnGiveUp::Exit);
    REQUIRE(root.children.size() == 3);
    CHECK(std::get<std::string>(root.children[1]) == "filter");
    const auto& back = std::get<Supervisor>(root.children[2]);
    CHECK(back.name == "back");
    CHECK(back.significant);
    CHECK(back.restart == Restart::Temporary);
    CHECK(back.auto_shutdown == AutoShutdown::AnySignificant);
    CHECK_FALSE(back.shutdown.grace.has_value());
    CHECK(back.children.size() == 2);
  }

  TEST_CASE("a channel may be an arrow or a map, a broadcast, or lead back to its own actor") {
    const Graph graph = load_file((fixtures() / "valid" / "every_key.yaml").string(), {}).graph;
    REQUIRE(graph.channels.size() == 4);
    CHECK(graph.channels[0].name == "source.out");
    CHECK(graph.channels[0].to[0].text() == "filter.in");
    CHECK_FALSE(graph.channels[0].capacity.has_value());
    CHECK(graph.channels[1].capacity == 4096);
    CHECK(graph.channels[1].placement.numa == 1);
    CHECK(graph.channels[1].placement.lock_memory);
    CHECK(graph.channels[1].placement.huge_pages);
    CHECK_FALSE(graph.channels[2].placement.lock_memory);
    CHECK(graph.channels[2].to[0].text() == "sink.rest");
    CHECK(graph.channels[3].from.actor == graph.channels[3].to[0].actor);
    const Graph weblog = load_file((fixtures() / "valid" / "weblog.yaml").string(), {}).graph;
    REQUIRE(weblog.channels.size() == 4);
    CHECK(weblog.channels[3].to.size() == 2);
    CHECK(weblog.channels[3].to[1].text() == "alert.lines");
  }

  TEST_CASE("without supervision one supervisor called root has all actors in file order") {
    const Graph graph = graph_of("steadyd: 1\nactors: {z: {plugin: demo}, a: {plugin: demo}, m: {plugin: demo}}\n");
    const Supervisor& root = graph.supervision;
    CHECK(root.name == "root");
    CHECK(root.strategy == Strategy::OneForOne);
    CHECK(root.intensity == 5);
    CHECK(root.period == 10s);
    REQUIRE(root.children.size() == 3);
    CHECK(std::get<std::string>(root.children[0]) == "z");
    CHECK(std::get<std::string>(root.children[1]) == "a");
    CHECK(std::get<std::string>(root.children[2]) == "m");
  }

  TEST_CASE("supervision without children keeps its settings and has all actors") {
    const Graph graph = graph_of(kTwo + "supervision: {strategy: rest_for_one}\n");
    CHECK(graph.supervision.strategy == Strategy::RestForOne);
    CHECK(graph.supervision.children.size() == 2);
  }

  TEST_CASE("plugin directories start beside the file, and absolute ones stay") {
    const std::string yaml = "plugin_path: [plugins, ../more, ./x/../y, /abs]\n" + kTwo;
    const auto path_of = [&](const std::string& file) { return load(file, yaml, {}).graph.plugin_path; };
    CHECK(path_of("/etc/steadyd/steadyd.yaml") ==
          std::vector<std::string>{"/etc/steadyd/plugins", "/etc/more", "/etc/steadyd/y", "/abs"});
    CHECK(path_of("steadyd.yaml") == std::vector<std::string>{"plugins", "../more", "y", "/abs"});
  }

  TEST_CASE("a position counts lines and columns from 1 and points at the value") {
    const Graph graph = graph_of("steadyd: 1\nactors:\n  a: {plugin: demo, params: {x: 5}}\n");
    const Position& position = graph.actors[0].params.at("x").position;
    CHECK(position.file == "f");
    CHECK(position.line == 3);
    CHECK(position.column == 33);
    CHECK(graph.actors[0].position.line == 3);
    CHECK(graph.actors[0].position.column == 3);
  }

  TEST_CASE("quotes do not change what a number, a time or a choice means") {
    const Graph graph = graph_of(
        "steadyd: \"1\"\nactors: {a: {plugin: 'demo', shutdown: '2s', restart: \"transient\", significant: "
        "'false'}}\n");
    CHECK(graph.actors[0].shutdown.grace == 2s);
    CHECK(graph.actors[0].restart == Restart::Transient);
  }

  TEST_CASE("an alias shares a whole value") {
    const Graph graph = load_file((fixtures() / "valid" / "alias.yaml").string(), {}).graph;
    CHECK(graph.find_actor("right")->params.at("size").text == "16MiB");
  }

  TEST_CASE("variables are expanded in every scalar, also beside an arrow") {
    const std::string yaml =
        "steadyd: 1\nname: ${NAME}\nactors:\n  a: {plugin: demo, restart: '${RESTART:-transient}'}\n  b: {plugin: "
        "demo}\n"
        "channels: ['${FROM}.out -> b.in']\nsupervision: {intensity: '${INTENSITY}', children: ['${FROM}', b]}\n";
    const Graph graph = graph_of(yaml, {{"NAME", "shop"}, {"FROM", "a"}, {"INTENSITY", "7"}});
    CHECK(graph.name == "shop");
    CHECK(graph.actors[0].restart == Restart::Transient);
    CHECK(graph.channels[0].name == "a.out");
    CHECK(graph.supervision.intensity == 7);
    CHECK(problems(yaml, {{"NAME", "shop"}, {"FROM", "a"}, {"INTENSITY", "lots"}}) ==
          "f:7:26: supervision.intensity: expected a whole number from 0 to 10000, found 'lots'\n");
  }

  TEST_CASE("what a variable brings in cannot become structure") {
    const Graph graph = graph_of("steadyd: 1\nactors: {a: {plugin: demo, params: {x: \"${X}\"}}}\n",
                                 {{"X", "1}, b: {plugin: other ${Y}"}});
    CHECK(graph.actors.size() == 1);
    CHECK(graph.actors[0].params.at("x").text == "1}, b: {plugin: other ${Y}");
  }

  TEST_CASE("more actors or channels than one daemon can mean are refused") {
    CHECK(problems(many_actors(1000)).empty());
    CHECK(problems(many_actors(1001)) == "f: actors: expected at most 1000 actors, found 1001\n");
    CHECK(problems(many_channels(10'000)).empty());
    CHECK(problems(many_channels(10'001)) == "f: channels: expected at most 10000 channels, found 10001\n");
  }

  TEST_CASE("diagnostics are sorted by place, whatever the order of the checks") {
    const Loaded loaded = load_file((fixtures() / "invalid" / "many_at_once.yaml").string(), {});
    REQUIRE(loaded.diagnostics.size() == 8);
    for (std::size_t i = 1; i < loaded.diagnostics.size(); ++i)
      CHECK(loaded.diagnostics[i - 1].position.line <= loaded.diagnostics[i].position.line);
  }

  TEST_CASE("the same mistake at the same place is told once") {
    CHECK(problems(kTwo + "channels: [b -> b]\n") == "f:5:12: channels[0]: expected ACTOR.PORT, found 'b'\n");
  }

  TEST_CASE("text is UTF-8, and the first byte that is none is pointed at") {
    const auto named = [](const std::string& bytes) {
      return "steadyd: 1 # \xc3\xa9\n# " + bytes + "\nactors: {a: {plugin: demo}}\n";
    };
    for (const std::string good : {"\xc3\xa9", "\xe2\x82\xac", "\xef\xbf\xbd", "\xf0\x9f\x98\x80", "\xed\x9f\xbf"}) {
      INFO(good);
      CHECK(problems(named(good)).empty());
    }
    const std::vector<std::string> bad{"\x80",
                                       "\xff",
                                       "\xc0\x80",
                                       "\xc3",
                                       "\xc3x",
                                       "\xe2\x82",
                                       "\xe0\x80\x80",
                                       "\xed\xa0\x80",
                                       "\xf0\x80\x80\x80",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       std::string(1, '\0')};
    for (const std::string& bytes : bad)
      CHECK(problems(named(bytes)) == "f:2:3: expected text in UTF-8, found a byte that is none\n");
    CHECK(problems("# \xc3\xa9\xff") == "f:1:4: expected text in UTF-8, found a byte that is none\n");
  }

  TEST_CASE("every prefix of a valid file is answered without a crash") {
    const std::string yaml = [] {
      std::string text = "steadyd: 1\nname: x\ntelemetry: {listen: '[::1]:1', frame: 20ms}\nactors:\n";
      text += "  a: {plugin: demo, params: {x: \"\\u00e9 ${A:-b}\"}, inputs: {in: {min: 1, max: 2}}}\n";
      text += "channels:\n  - {from: a.out, to: [a.in]}\n";
      return text + "supervision: {children: [{supervisor: {name: s, children: [a]}}]}\n";
    }();
    CHECK(problems(yaml).empty());
    for (std::size_t length = 0; length < yaml.size(); ++length) (void)load("f", yaml.substr(0, length), {});
  }
}

}  // namespace steady::config
