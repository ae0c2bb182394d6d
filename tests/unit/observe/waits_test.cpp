// Who holds whom back, in graphs drawn by hand; and that any graph is answered. A failure prints its seed. Graphs that run
// are in waits_flow_test.cpp.
#include "observe/waits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace steady::observe;

namespace {

using Names = std::vector<std::string>;

/// A view with names instead of indices.
struct Graph {
  WaitView view;

  WaitView::Actor& actor(const std::string& name) {
    return *std::ranges::find(view.actors, name, &WaitView::Actor::name);
  }
  std::size_t index(const std::string& name) { return static_cast<std::size_t>(&actor(name) - view.actors.data()); }

  void works(const std::string& name) { add(name, 0, 0, 0); }
  void waits_for_input(const std::string& name, double ratio) { add(name, ratio, 0, 0); }
  /// For more than there is: it takes no step.
  void waits_in_vain(const std::string& name) {
    add(name, 1, 0, 0);
    view.actors.back().stepped = false;
  }
  void waits_for_room(const std::string& name, double ratio) { add(name, 0, ratio, 0); }
  void waits_for_timer(const std::string& name, double ratio) { add(name, 0, 0, ratio); }
  void rests(const std::string& name, const std::string& state) {
    add(name, 0, 0, 0);
    view.actors.back().runs = false;
    view.actors.back().state = state;
    view.actors.back().stepped = false;
  }
  void add(const std::string& name, double input, double room, double timer) {
    view.actors.push_back({name, true, false, "running", input, room, timer, true, false});
  }

  /// A lane that is full, because its reader is slower.
  void full(const std::string& from, const std::string& to) { lane(from, to, 0.9, actor(from).room_ratio); }
  /// A lane that is empty, because its producer is slower.
  void empty(const std::string& from, const std::string& to) { lane(from, to, 0, 0); }
  void lane(const std::string& from, const std::string& to, double fill, double blocked) {
    branch(from + ".to_" + to, from, to, fill, blocked);
  }
  /// A reader of a channel that may have others.
  void branch(const std::string& channel, const std::string& from, const std::string& to, double fill, double blocked) {
    view.lanes.push_back({channel, index(from), index(to), fill, blocked, fill == 0, false});
  }

  Names names(const std::vector<std::size_t>& actors) const {
    Names result;
    for (const std::size_t actor : actors) result.push_back(view.actors[actor].name);
    return result;
  }
  /// The bottlenecks: "sink is busy".
  Names bottlenecks() const {
    Names result;
    for (const auto& found : analyse(view).bottlenecks)
      result.push_back(view.actors[found.actor].name + " " + found.why);
    return result;
  }
  Names held_back() const { return names(analyse(view).bottlenecks.at(0).holds_back); }
  std::vector<Names> deadlocks() const {
    std::vector<Names> result;
    for (const auto& circle : analyse(view).deadlocks) result.push_back(names(circle.actors));
    return result;
  }
  std::string culprit_of(const std::string& name) {
    const auto culprit = analyse(view).culprits.at(index(name));
    return culprit ? view.actors[*culprit].name : "";
  }
  std::string waits_for(const std::string& name) {
    const auto link = analyse(view).waits_for.at(index(name));
    return link ? view.actors[link->actor].name + (link->room ? " for room" : " for input") : "";
  }
};

/// All of a circle's actors wait and none steps.
Graph standing_circle() {
  Graph graph;
  for (const char* name : {"a", "b", "c"}) {
    graph.waits_for_room(name, 1);
    graph.view.actors.back().stepped = false;
  }
  graph.full("a", "b");
  graph.full("b", "c");
  graph.full("c", "a");
  return graph;
}

}  // namespace

TEST_SUITE("observe/waits") {
  TEST_CASE("nothing at all holds nobody back") {
    CHECK(analyse({}).bottlenecks.empty());
    CHECK(analyse({}).waits_for.empty());
  }

  TEST_CASE("a slow sink of a broadcast holds back the source, its fast sibling does not") {
    Graph graph;
    graph.waits_for_room("source", 0.8);
    graph.waits_for_input("fast", 0.9);
    graph.works("slow");
    graph.branch("source.numbers", "source", "fast", 0.1, 0.8);
    graph.branch("source.numbers", "source", "slow", 0.9, 0.8);
    CHECK(graph.bottlenecks() == Names{"slow is busy"});
    CHECK(graph.held_back() == Names{"source"});
    CHECK(graph.waits_for("source") == "slow for room");
    CHECK(graph.waits_for("fast").empty());
  }

  TEST_CASE("of two channels the one that blocked longer counts") {
    Graph graph;
    graph.waits_for_room("source", 0.8);
    graph.works("left");
    graph.works("right");
    graph.lane("source", "left", 0.6, 0.2);
    graph.lane("source", "right", 0.6, 0.7);
    CHECK(graph.culprit_of("source") == "right");
  }

  TEST_CASE("the slow branch of a diamond is the culprit, although the other branch waits for the join") {
    Graph graph;
    graph.waits_for_room("source", 0.7);
    graph.waits_for_room("quick", 0.8);
    graph.works("slow");
    graph.waits_for_input("join", 0.9);
    graph.branch("source.numbers", "source", "quick", 0.9, 0.7);
    graph.branch("source.numbers", "source", "slow", 0.8, 0.7);
    graph.full("quick", "join");
    graph.empty("slow", "join");
    CHECK(graph.bottlenecks() == Names{"slow is busy"});
    CHECK(graph.held_back() == Names{"join", "quick", "source"});
    CHECK(graph.waits_for("join") == "slow for input");
  }

  TEST_CASE("the slow join of a diamond is the culprit") {
    Graph graph;
    graph.waits_for_room("source", 0.7);
    graph.waits_for_room("left", 0.8);
    graph.waits_for_room("right", 0.7);
    graph.works("join");
    graph.branch("source.numbers", "source", "left", 0.9, 0.7);
    graph.branch("source.numbers", "source", "right", 0.9, 0.7);
    graph.full("left", "join");
    graph.full("right", "join");
    CHECK(graph.bottlenecks() == Names{"join is busy"});
    CHECK(graph.held_back() == Names{"left", "right", "source"});
  }

  TEST_CASE("a join that works most of the time still waits for its late input") {
    Graph graph;
    graph.waits_for_room("early", 0.4);
    graph.works("late");
    graph.waits_for_input("join", 0.3);
    graph.full("early", "join");
    graph.lane("late", "join", 0.02, 0);
    CHECK(graph.bottlenecks() == Names{"late is busy"});
  }

  TEST_CASE("of two late producers the one counts that nobody keeps waiting") {
    Graph graph;
    graph.waits_for_room("early", 0.9);
    graph.waits_for_input("starved", 0.9);
    graph.works("late");
    graph.waits_for_input("join", 0.9);
    graph.waits_for_timer("origin", 0.9);
    graph.full("early", "join");
    graph.empty("origin", "starved");
    graph.empty("starved", "join");
    graph.empty("late", "join");
    CHECK(graph.waits_for("join") == "late for input");
  }

  TEST_CASE("a join names the producer of an empty lane before that of one which has something") {
    Graph graph;
    graph.waits_for_room("early", 0.9);
    graph.works("later");
    graph.works("origin");
    graph.waits_for_input("latest", 0.9);
    graph.waits_for_input("join", 0.9);
    graph.full("early", "join");
    graph.empty("origin", "latest");
    graph.lane("later", "join", 0.01, 0);
    graph.empty("latest", "join");
    CHECK(graph.culprit_of("join") == "origin");
    graph.view.lanes.back().empty = false;
    CHECK(graph.culprit_of("join") == "later");
  }

  TEST_CASE("a lane that has enough is not what its reader waits for") {
    Graph graph;
    graph.waits_for_room("early", 0.9);
    graph.works("other");
    graph.waits_in_vain("join");
    graph.full("early", "join");
    SUBCASE("it is half full, though empty just now") {
      graph.lane("other", "join", 0.5, 0);
      graph.view.lanes.back().empty = true;
    }
    SUBCASE("it holds its producer back") {
      graph.actor("other").room_ratio = 0.5;
      graph.lane("other", "join", 0.3, 0.5);
    }
    CHECK(graph.culprit_of("early") == "join");
    CHECK(graph.culprit_of("join").empty());
  }

  TEST_CASE("a producer that died while it was blocked is missed like any other") {
    Graph graph;
    graph.waits_for_room("early", 0.9);
    graph.rests("dead", "waiting");
    graph.waits_for_input("join", 0.9);
    graph.full("early", "join");
    graph.actor("dead").room_ratio = 0.5;
    graph.lane("dead", "join", 0.1, 0.5);
    CHECK(graph.bottlenecks() == Names{"dead is waiting to be restarted"});
  }

  TEST_CASE("an actor that waits for its timer more than for input is slow by itself") {
    Graph graph;
    graph.waits_for_room("source", 0.9);
    graph.works("other");
    graph.add("timed", 0.2, 0, 0.7);
    graph.full("source", "timed");
    graph.empty("other", "timed");
    CHECK(graph.bottlenecks() == Names{"timed waits for its timer"});
  }

  TEST_CASE("in a chain of ten the slow one is found wherever it is, however little the others wait") {
    for (const double ratio : {0.1, 0.2, 0.95})
      for (std::size_t slow = 1; slow < 10; ++slow) {
        CAPTURE(ratio);
        CAPTURE(slow);
        Graph graph;
        for (std::size_t i = 0; i < 10; ++i)
          graph.add(std::string(1, static_cast<char>('a' + i)), i > slow ? ratio : 0, i < slow ? ratio : 0, 0);
        for (std::size_t i = 0; i < 9; ++i) {
          const auto& from = graph.view.actors[i].name;
          const auto& to = graph.view.actors[i + 1].name;
          if (i < slow) graph.full(from, to);
          if (i >= slow) graph.empty(from, to);
        }
        const auto found = analyse(graph.view);
        REQUIRE(found.bottlenecks.size() == 1);
        CHECK(found.bottlenecks[0].actor == slow);
        CHECK(found.bottlenecks[0].holds_back.size() == slow);
        CHECK(found.bottlenecks[0].holds_back.front() == slow - 1);
        CHECK(found.bottlenecks[0].blocked_ratio == ratio);
        for (std::size_t i = 0; i < 10; ++i) CHECK(found.culprits[i].has_value() == (i < slow));
      }
  }

  TEST_CASE("a short wait is none") {
    Graph graph;
    graph.waits_for_room("source", 0.09);
    graph.works("sink");
    graph.full("source", "sink");
    CHECK(graph.bottlenecks().empty());
    graph.actor("source").input_ratio = 0.9;
    graph.works("origin");
    graph.empty("origin", "source");
    CHECK(graph.bottlenecks().empty());
  }

  TEST_CASE("a wait for room on no channel leads to nobody") {
    Graph graph;
    graph.waits_for_room("source", 0.9);
    graph.works("sink");
    graph.lane("source", "sink", 0.9, 0);
    CHECK(graph.bottlenecks().empty());
  }

  TEST_CASE("behind a slow source everybody is idle and nobody is to blame") {
    Graph graph;
    graph.waits_for_timer("source", 0.99);
    graph.waits_for_input("relay", 0.99);
    graph.waits_for_input("sink", 0.99);
    graph.empty("source", "relay");
    graph.empty("relay", "sink");
    CHECK(graph.bottlenecks().empty());
    CHECK(graph.waits_for("sink").empty());
    CHECK(graph.culprit_of("sink").empty());
  }

  TEST_CASE("why somebody holds others back is told in words") {
    Graph graph;
    graph.waits_for_room("source", 1);
    SUBCASE("failed") { graph.rests("sink", "failed"); }
    SUBCASE("stopped") { graph.rests("sink", "stopped"); }
    SUBCASE("waiting") { graph.rests("sink", "waiting"); }
    SUBCASE("starting") { graph.rests("sink", "starting"); }
    SUBCASE("stopping") { graph.rests("sink", "stopping"); }
    SUBCASE("anything else") { graph.rests("sink", "running"); }
    SUBCASE("timer") { graph.waits_for_timer("sink", 0.9); }
    SUBCASE("min") { graph.waits_in_vain("sink"); }
    SUBCASE("frozen") {
      graph.waits_in_vain("sink");
      graph.view.actors.back().frozen = true;
    }
    SUBCASE("call") {
      graph.works("sink");
      graph.view.actors.back().stepped = false;
      graph.view.actors.back().in_call = true;
    }
    SUBCASE("busy") { graph.works("sink"); }
    graph.full("source", "sink");
    const auto& sink = graph.actor("sink");
    std::string why = "is busy";
    if (sink.in_call) why = "is in a step that does not return";
    if (sink.timer_ratio > 0) why = "waits for its timer";
    if (sink.input_ratio > 0) why = "waits for more input than there is";
    if (sink.frozen) why = "was stopped by a signal";
    if (!sink.runs) why = "is " + sink.state;
    if (sink.state == "waiting") why = "is waiting to be restarted";
    if (!sink.runs && sink.state == "running") why = "does not run";
    CHECK(graph.bottlenecks() == Names{"sink " + why});
  }

  TEST_CASE("actors that take turns on too few cores hold nobody back") {
    Graph graph;
    graph.waits_for_room("source", 0.5);
    graph.waits_for_input("sink", 0.6);
    graph.full("source", "sink");
    CHECK(graph.bottlenecks().empty());
    CHECK(graph.culprit_of("source").empty());
  }

  TEST_CASE("what a dead actor waited for before it died does not count") {
    Graph graph;
    graph.waits_for_room("source", 1);
    graph.rests("relay", "failed");
    graph.actor("relay").room_ratio = 1;
    graph.works("sink");
    graph.full("source", "relay");
    graph.full("relay", "sink");
    CHECK(graph.bottlenecks() == Names{"relay is failed"});
    CHECK(graph.held_back() == Names{"source"});
  }

  TEST_CASE("a join that waits for a dead producer names it") {
    Graph graph;
    graph.waits_for_room("alive", 1);
    graph.rests("dead", "stopped");
    graph.waits_for_input("join", 1);
    graph.full("alive", "join");
    graph.empty("dead", "join");
    CHECK(graph.bottlenecks() == Names{"dead is stopped"});
  }

  TEST_CASE("a closed lane and a finished producer keep nobody waiting") {
    Graph graph;
    graph.waits_for_room("alive", 1);
    graph.works("done");
    graph.waits_in_vain("join");
    graph.full("alive", "join");
    graph.empty("done", "join");
    SUBCASE("closed") { graph.view.lanes.back().closed = true; }
    SUBCASE("finished") { graph.actor("done").finished = true; }
    CHECK(graph.bottlenecks() == Names{"join waits for more input than there is"});
  }

  TEST_CASE("a finished reader holds nobody back") {
    Graph graph;
    graph.waits_for_room("source", 0.6);
    graph.works("done");
    graph.actor("done").finished = true;
    graph.works("slow");
    graph.branch("source.numbers", "source", "done", 1, 0.6);
    SUBCASE("alone") { CHECK(graph.bottlenecks().empty()); }
    SUBCASE("beside another") {
      graph.branch("source.numbers", "source", "slow", 0.7, 0.6);
      CHECK(graph.bottlenecks() == Names{"slow is busy"});
    }
  }

  TEST_CASE("two bottlenecks are both named, the worse first") {
    Graph graph;
    graph.waits_for_room("a", 0.3);
    graph.works("b");
    graph.waits_for_room("c", 0.9);
    graph.works("d");
    graph.full("a", "b");
    graph.full("c", "d");
    CHECK(graph.bottlenecks() == Names{"d is busy", "b is busy"});
  }

  TEST_CASE("bottlenecks that differ by noise keep their order") {
    for (const double noise : {-0.02, 0.0, 0.02}) {
      Graph graph;
      graph.waits_for_room("a", 0.9);
      graph.works("b");
      graph.waits_for_room("c", 0.9 + noise);
      graph.works("d");
      graph.full("a", "b");
      graph.full("c", "d");
      CHECK(graph.bottlenecks() == Names{"b is busy", "d is busy"});
    }
  }

  TEST_CASE("a reader that several share holds all of them back") {
    Graph graph;
    graph.waits_for_room("a", 0.5);
    graph.waits_for_room("b", 0.9);
    graph.waits_for_input("c", 0.9);
    graph.works("shared");
    graph.full("a", "shared");
    graph.full("b", "shared");
    graph.empty("c", "shared");
    CHECK(graph.bottlenecks() == Names{"shared is busy"});
    CHECK(graph.held_back() == Names{"a", "b"});
    CHECK(analyse(graph.view).bottlenecks[0].blocked_ratio == 0.9);
  }

  TEST_CASE("a circle in which all wait is a deadlock, named from its first actor") {
    auto graph = standing_circle();
    CHECK(graph.deadlocks() == std::vector<Names>{{"a", "b", "c"}});
    CHECK(analyse(graph.view).deadlocks[0].lanes == std::vector<std::size_t>{0, 1, 2});
    CHECK(graph.bottlenecks().empty());
    CHECK(graph.waits_for("c") == "a for room");
    std::ranges::reverse(graph.view.lanes);
    CHECK(graph.deadlocks() == std::vector<Names>{{"a", "b", "c"}});
  }

  TEST_CASE("whoever waits for a deadlock has no culprit") {
    auto graph = standing_circle();
    graph.waits_for_room("outside", 1);
    graph.full("outside", "b");
    CHECK(graph.deadlocks() == std::vector<Names>{{"a", "b", "c"}});
    CHECK(graph.bottlenecks().empty());
    CHECK(graph.waits_for("outside") == "b for room");
    CHECK(graph.culprit_of("outside").empty());
  }

  TEST_CASE("deadlocks are named in the order of their first actors, however they are reached") {
    Graph graph;
    for (const char* name : {"outside", "a", "b", "c", "d"}) {
      graph.waits_for_room(name, 1);
      graph.view.actors.back().stepped = false;
    }
    graph.full("outside", "d");
    graph.full("c", "d");
    graph.full("d", "c");
    graph.full("a", "b");
    graph.full("b", "a");
    CHECK(graph.deadlocks() == std::vector<Names>{{"a", "b"}, {"c", "d"}});
  }

  TEST_CASE("an actor whose own channel is full for itself is a deadlock of one") {
    Graph graph;
    graph.waits_for_room("a", 1);
    graph.actor("a").stepped = false;
    graph.full("a", "a");
    CHECK(graph.deadlocks() == std::vector<Names>{{"a"}});
    graph.actor("a").stepped = true;
    CHECK(graph.deadlocks().empty());
    CHECK(graph.bottlenecks().empty());
  }

  TEST_CASE("a join that wants what its producer cannot put for lack of room is a deadlock") {
    Graph graph;
    graph.waits_for_room("a", 1);
    graph.waits_for_input("join", 1);
    for (auto& actor : graph.view.actors) actor.stepped = false;
    graph.lane("a", "join", 1, 1);
    graph.view.lanes.back().channel = "a.left";
    graph.empty("a", "join");
    CHECK(graph.deadlocks() == std::vector<Names>{{"a", "join"}});
    CHECK(analyse(graph.view).deadlocks[0].lanes == std::vector<std::size_t>{0, 1});
  }

  TEST_CASE("a circle that flows is no deadlock, and its busiest actor is the culprit") {
    auto graph = standing_circle();
    graph.actor("b").room_ratio = 0.4;
    SUBCASE("all step") {
      for (auto& actor : graph.view.actors) actor.stepped = true;
    }
    SUBCASE("none stepped, but one did not wait all the time") {}
    CHECK(graph.deadlocks().empty());
    CHECK(graph.bottlenecks() == Names{"b is the busiest of a circle"});
    CHECK(graph.held_back() == Names{"a", "c"});
    CHECK(graph.culprit_of("b").empty());
  }

  TEST_CASE("a circle with an actor that works is a chain that ends there") {
    auto graph = standing_circle();
    graph.actor("b").room_ratio = 0;
    graph.waits_for_room("outside", 0.7);
    graph.full("outside", "a");
    CHECK(graph.bottlenecks() == Names{"b is busy"});
    CHECK(graph.held_back() == Names{"a", "c", "outside"});
  }

  TEST_CASE("a feedback that is empty is no deadlock while another input may come") {
    Graph graph;
    graph.waits_for_room("early", 1);
    graph.waits_for_input("join", 1);
    graph.waits_for_input("feedback", 1);
    graph.waits_for_input("merge", 1);
    graph.waits_for_input("relay", 1);
    graph.waits_for_timer("slow", 1);
    for (auto& actor : graph.view.actors) actor.stepped = false;
    graph.full("early", "join");
    graph.empty("merge", "join");
    graph.empty("feedback", "merge");
    graph.empty("merge", "feedback");
    graph.empty("relay", "merge");
    graph.empty("slow", "relay");
    CHECK(graph.deadlocks().empty());
    CHECK(graph.bottlenecks() == Names{"slow waits for its timer"});
    CHECK(graph.held_back() == Names{"relay", "merge", "join", "early"});
  }

  TEST_CASE("what cannot be is ignored") {
    Graph graph;
    graph.waits_for_room("source", 0.5);
    graph.works("sink");
    graph.full("source", "sink");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    graph.add("odd", nan, nan, nan);
    graph.add("negative", -1, -1, -1);
    graph.add("large", 9, 9, 9);
    graph.branch("x", "large", "odd", nan, nan);
    graph.branch("y", "negative", "large", -3, 7);
    graph.branch("z", "large", "negative", 7, 7);
    for (const std::size_t bad : {std::size_t{5}, std::numeric_limits<std::size_t>::max()}) {
      graph.view.lanes.push_back({"bad", 0, bad, 1, 1, false, false});
      graph.view.lanes.push_back({"bad", bad, 0, 0, 1, true, false});
    }
    CHECK(graph.bottlenecks() == Names{"negative is busy", "sink is busy"});
    CHECK(analyse(graph.view).bottlenecks[0].blocked_ratio == 1);
  }

  TEST_CASE("any view at all is answered, and every answer is sound") {
    for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
      CAPTURE(seed);
      std::mt19937 dice(seed);
      const auto below = [&](std::size_t end) { return static_cast<std::size_t>(dice() % end); };
      const auto ratio = [&] { return static_cast<double>(below(5)) / 4; };
      WaitView view;
      const std::size_t count = 1 + below(8);
      for (std::size_t i = 0; i < count; ++i)
        view.actors.push_back({"", below(8) != 0, below(8) == 0, "running", ratio(), ratio(), ratio(), below(2) == 0,
                               below(2) == 0});
      for (std::size_t i = 0; i < 2 * count; ++i)
        view.lanes.push_back({std::string(1, static_cast<char>('a' + below(4))), below(count + 1), below(count + 1),
                              ratio(), ratio(), below(2) == 0, below(8) == 0});
      const auto found = analyse(view);
      std::size_t held_back = 0;
      for (const auto& bottleneck : found.bottlenecks) {
        held_back += bottleneck.holds_back.size();
        REQUIRE(!bottleneck.holds_back.empty());
        for (const std::size_t actor : bottleneck.holds_back) REQUIRE(found.culprits[actor] == bottleneck.actor);
      }
      for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(found.culprits[i] != i);
        if (!found.waits_for[i]) continue;
        REQUIRE(view.actors[i].runs);
        const auto& lane = view.lanes[found.waits_for[i]->lane];
        REQUIRE((found.waits_for[i]->room ? lane.producer : lane.reader) == i);
        REQUIRE((found.waits_for[i]->room ? lane.reader : lane.producer) == found.waits_for[i]->actor);
      }
      const auto with_culprit = std::ranges::count_if(found.culprits, [](const auto& one) { return one.has_value(); });
      REQUIRE(held_back == static_cast<std::size_t>(with_culprit));
      for (const auto& circle : found.deadlocks)
        for (std::size_t i = 0; i < circle.actors.size(); ++i) {
          const auto& link = found.waits_for[circle.actors[i]];
          REQUIRE(link->actor == circle.actors[(i + 1) % circle.actors.size()]);
          REQUIRE(link->lane == circle.lanes[i]);
          REQUIRE(!view.actors[circle.actors[i]].stepped);
        }
    }
  }
}
