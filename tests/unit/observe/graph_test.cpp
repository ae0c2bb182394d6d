#include "observe/graph.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "snapshots.hpp"
#include "support/text.hpp"

using namespace steady::observe;
using nlohmann::json;
using steady::test::contains;
using steady::test::frame_channel;
using steady::test::reader_of;
using steady::test::small_snapshot;
using steady::test::snapshot_with_triggers;

namespace {

}  // namespace

TEST_SUITE("observe/graph") {
  TEST_CASE("the DOT graph has a node per actor and an edge per reader") {
    auto snapshot = small_snapshot();
    snapshot.channels.front().readers.push_back(reader_of("source", "back"));
    const auto dot = render_dot(snapshot);
    CHECK(dot.starts_with("digraph \"demo\" {\n"));
    CHECK(dot.ends_with("}\n"));
    CHECK(contains(dot, "rankdir=LR"));
    CHECK(contains(dot, R"("source" [label="source\nCount\nrunning, generation 2, 2 restarts\n0.0 cores, 0 MiB")"));
    CHECK(contains(dot, R"("source" -> "sink" [label="50 %\n0/s\n64 messages")"));
    CHECK(contains(dot, R"("source" -> "source")"));
  }

  TEST_CASE("the DOT graph shows a state by its colour") {
    auto snapshot = small_snapshot();
    snapshot.actors[1].state = "running";
    CHECK(render_dot(snapshot) != render_dot(small_snapshot()));
  }

  TEST_CASE("the DOT graph is drawn in the colour of the worst trigger that is active") {
    auto snapshot = snapshot_with_triggers();
    CHECK(contains(render_dot(snapshot), R"(headlabel="lines", color="#dc2626", penwidth=2];)"));
    CHECK_FALSE(contains(render_dot(snapshot), R"(fillcolor="#dcfce7", color)"));
    snapshot.actors[0].triggers[0].active = true;
    snapshot.channels[0].triggers[1].active = false;
    CHECK(contains(render_dot(snapshot), R"(fillcolor="#dcfce7", color="#f97316", penwidth=2];)"));
    CHECK(contains(render_dot(snapshot), R"(headlabel="lines"];)"));
    snapshot.channels[0].triggers = {{"a", "red", true, 1.0}, {"b", "yellow", true, 1.0}, {"c", "orange", true, 1.0}};
    CHECK(contains(render_dot(snapshot), R"(headlabel="lines", color="#dc2626")"));
  }

  TEST_CASE("an edge of frames tells its capacity in bytes") {
    auto snapshot = small_snapshot();
    snapshot.channels = {frame_channel("source")};
    snapshot.channels.front().readers = {reader_of("sink", "lines")};
    CHECK(contains(render_dot(snapshot), "1048576 bytes"));
  }

  TEST_CASE("a note cannot break out of its DOT string") {
    auto snapshot = small_snapshot();
    snapshot.actors.front().note = "\"]; evil [label=\"\\N\n\t";
    const auto dot = render_dot(snapshot);
    CHECK(contains(dot, R"(\n\"]; evil [label=\"\\N\n ", fillcolor=)"));
  }

  TEST_CASE("the JSON graph names its keys as the snapshot does") {
    const auto graph = json::parse(render_json(small_snapshot()));
    CHECK(graph.at("name") == "demo");
    CHECK(graph.at("ready") == true);
    CHECK(graph.at("topology_version") == 3);
    const auto& actor = graph.at("actors").at(0);
    CHECK(actor.at("name") == "source");
    CHECK(actor.at("restarts") == json{{"crash", 2}});
    CHECK(actor.at("retry_in_seconds").is_null());
    const auto& channel = graph.at("channels").at(0);
    CHECK(channel.at("messages_sent") == 50);
    CHECK(channel.at("readers").at(0).at("inflight_messages") == 32);
    CHECK(graph.at("supervisors").at(0).at("intensity") == 5);
  }

  TEST_CASE("the JSON graph says where an actor and a channel are, if the configuration does") {
    auto snapshot = small_snapshot();
    snapshot.actors[0].placement = {{"cpus", "0,2-3"}, {"sched", "fifo 10"}};
    const auto placed = json::parse(render_json(snapshot));
    CHECK(placed["actors"][0]["placement"] == json{{"cpus", "0,2-3"}, {"sched", "fifo 10"}});
    CHECK_FALSE(placed["actors"][1].contains("placement"));
    CHECK_FALSE(placed["channels"][0].contains("placement"));
    snapshot.channels[0].placement = {{"huge_pages", "true"}};
    CHECK(json::parse(render_json(snapshot))["channels"][0]["placement"] == json{{"huge_pages", "true"}});
  }

  TEST_CASE("an empty snapshot is a graph with empty lists") {
    const auto graph = json::parse(render_json(Snapshot{}));
    CHECK(graph.at("actors") == json::array());
    CHECK(graph.at("channels") == json::array());
    CHECK(graph.at("not_ready") == json::array());
    CHECK(graph.at("supervisors") == json::array());
    CHECK(render_dot(Snapshot{}).starts_with("digraph \"\" {"));
  }

  TEST_CASE("bytes that are no UTF-8 are replaced in the JSON graph") {
    auto snapshot = small_snapshot();
    snapshot.actors.front().note = "broken \xff\xfe note";
    const auto graph = json::parse(render_json(snapshot));
    CHECK(graph.at("actors").at(0).at("note") == "broken \xef\xbf\xbd\xef\xbf\xbd note");
  }

  TEST_CASE("the JSON graph is one line") {
    auto snapshot = small_snapshot();
    snapshot.actors.front().note = "two\nlines";
    CHECK_FALSE(contains(render_json(snapshot), "\n"));
  }

  TEST_CASE("counts beyond 53 bits keep every digit in the JSON graph") {
    auto snapshot = small_snapshot();
    snapshot.channels.front().messages_sent = 18446744073709551615u;
    CHECK(contains(render_json(snapshot), "\"messages_sent\":18446744073709551615"));
  }
}
