#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "control/ctl/top.hpp"
#include "support/text.hpp"

using namespace steady;
using namespace steady::control;
using nlohmann::json;
using test::contains;

namespace {

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

/// source -> parse -> sink; sink is busy and holds both back.
json graph() {
  return json::parse(R"({
    "name": "demo", "version": "0.1.0", "uptime_seconds": 125, "ready": true,
    "bottlenecks": [{"actor": "sink", "why": "is busy", "holds_back": ["parse", "source"], "blocked_ratio": 0.9}],
    "deadlocks": [],
    "actors": [
      {"name": "source", "state": "running", "cpu": {"now": 0.25}, "memory_bytes": 1048576, "steps_per_second": 10,
       "step_seconds": null, "batch_messages": null, "input_ratio": 0, "room_ratio": 0.5, "timer_ratio": 0.5,
       "blocked_by": "parse", "culprit": "sink", "restarts": {"crash": 1, "operator": 2}, "triggers": []},
      {"name": "parse", "state": "running", "cpu": null, "memory_bytes": 0, "note": "at 42", "room_ratio": 0.95,
       "steps_per_second": 20, "step_seconds": {"p50": 0.00012}, "batch_messages": {"mean": 12000},
       "restarts": {}, "triggers": []},
      {"name": "sink", "state": "running", "cpu": {"now": 1}, "memory_bytes": 2097152, "steps_per_second": 5,
       "restarts": {"crash": 9},
       "triggers": [{"when": "cpu.mean > 90%", "colour": "orange", "active": true},
                    {"when": "cpu.mean > 99%", "colour": "red", "active": false}]}],
    "channels": [
      {"name": "source.lines", "rate_messages_per_second": 10, "blocked_ratio": 0, "readers": [
        {"actor": "parse", "port": "in", "fill_ratio": 0.97, "inflight_messages": 3, "waiting_seconds": 2.5,
         "latency_seconds": {"p50": 0.001, "p99": 0.5}}]},
      {"name": "parse.items", "rate_messages_per_second": 30, "blocked_ratio": 0.9, "readers": [
        {"actor": "sink", "port": "in", "fill_ratio": 0.5, "latency_seconds": null}]}]})");
}

std::string text_of_view(const View& view, const json& of = graph()) {
  return render_top(of, view).text;
}

/// Whether the names stand in this order, each behind the one before.
bool in_order(const std::string& text, const std::vector<std::string>& names) {
  std::size_t from = 0;
  for (const auto& name : names) {
    from = text.find("\n" + name + "  ", from);
    if (from == std::string::npos) return false;
  }
  return true;
}

Key character(char c) {
  return {Key::Kind::Character, c};
}

View pressed(std::string_view characters, View view = {}) {
  for (const char c : characters) CHECK(press(view, character(c), 10));
  return view;
}

}  // namespace

TEST_SUITE("control/top") {
  TEST_CASE("top says what the service is, who holds back whom, and which triggers are active") {
    const auto text = text_of_view({});
    CHECK(text.starts_with("demo  steadyd 0.1.0, up 2 min 5 s, ready\n"));
    CHECK(contains(text, "\nsink holds back parse, source: is busy\n"));
    CHECK(contains(text, "\nsink: cpu.mean > 90%\n"));
    CHECK_FALSE(contains(text, "99%"));
  }

  TEST_CASE("a deadlock is named with all that wait in it") {
    json stuck = graph();
    stuck["deadlocks"] = json::parse(
        R"([{"actors": ["source", "parse"], "channels": ["source.lines", "parse.back"]}])");
    CHECK(contains(text_of_view({}, stuck),
                   "\ndeadlock: source waits for parse, parse waits for source (on source.lines, parse.back)\n"));
  }

  TEST_CASE("what holds others back stands first, then who waits longest for room") {
    CHECK(in_order(text_of_view({}), {"sink", "parse", "source", "parse.items", "source.lines"}));
  }

  TEST_CASE("each key sorts the tables that have it, the largest first") {
    const auto sorted = [](SortKey key) { return text_of_view({.sort = key}); };
    CHECK(in_order(sorted(SortKey::Name), {"parse", "sink", "source", "parse.items", "source.lines"}));
    CHECK(in_order(sorted(SortKey::Cpu), {"sink", "source", "parse", "parse.items"}));
    CHECK(in_order(sorted(SortKey::Memory), {"sink", "source", "parse"}));
    CHECK(in_order(sorted(SortKey::Restarts), {"sink", "source", "parse"}));
    CHECK(in_order(sorted(SortKey::Rate), {"parse", "source", "sink", "parse.items", "source.lines"}));
    CHECK(in_order(sorted(SortKey::Fill), {"sink", "parse", "source.lines", "parse.items"}));
    CHECK(in_order(sorted(SortKey::Latency), {"sink", "source.lines", "parse.items"}));
    CHECK(in_order(text_of_view({.sort = SortKey::Name, .reversed = true}), {"source", "sink", "parse"}));
  }

  TEST_CASE("what is not measured yet is a dash") {
    const auto text = text_of_view({});
    INFO(text);
    CHECK(contains(text,
                   "\nparse   running      -        -   20/s  120 µs   12 k      -  95 %      -         0  at 42\n"));
    CHECK(contains(text, "\nparse.items   sink.in   50 %          0  30/s        -       -     90 %       -\n"));
    CHECK(contains(text, "\nsource.lines  parse.in  97 %          3  10/s     1 ms  500 ms      0 %   2.5 s\n"));
  }

  TEST_CASE("an actor that waits says for whom, and who is behind it") {
    CHECK(contains(text_of_view({}), "  waits for parse, held back by sink\n"));
    CHECK(contains(text_of_view({}), "         9  is busy\n"));
  }

  TEST_CASE("a filter lets through names with it in any case, and channels also by their reader") {
    const auto text = text_of_view({.filter = "SINK"});
    CHECK(contains(text, "\nfilter: SINK\n"));
    CHECK(contains(text, "\nsink "));
    CHECK(contains(text, "\nparse.items "));
    CHECK_FALSE(contains(text, "\nsource.lines "));
    CHECK_FALSE(contains(text, "\nparse "));
  }

  TEST_CASE("escape sequences are written only where they may, and triggers have their colours") {
    CHECK_FALSE(contains(text_of_view({}), "\x1b"));
    CHECK(contains(render_top(graph(), {}, {.colours = true}).text, "\x1b[38;5;208msink: cpu.mean > 90%\x1b[0m"));
    json hostile = graph();
    hostile["actors"][1]["note"] = "\x1b[2J";
    hostile["bottlenecks"][0]["why"] = "\x1b[2J\n";
    hostile["actors"][2]["triggers"][0]["when"] = "\x1b[2J";
    CHECK_FALSE(contains(text_of_view({.filter = "\x1b", .lost = "\x1b"}, hostile), "\x1b"));
  }

  TEST_CASE("a frame never has more lines than the screen, however small") {
    json large = graph();
    for (int i = 0; i < 100; ++i) large["actors"].push_back({{"name", "actor" + std::to_string(i)}});
    for (int i = 0; i < 100; ++i)
      large["bottlenecks"].push_back({{"actor", "actor" + std::to_string(i)}, {"why", "x"}});
    for (std::size_t height = 1; height < 60; ++height)
      for (const Shown shown : {Shown::Both, Shown::Actors, Shown::Channels}) {
        const auto frame = render_top(large, {.shown = shown, .scroll = 1000}, {.height = height});
        CHECK(lines_in(frame.text) <= height);
        CHECK(frame.page <= height);
      }
    CHECK(contains(render_top(large, {}, {.height = 20}).text, "\n... and "));
  }

  TEST_CASE("scrolling shows every line of the tables and stops at the last") {
    const Screen small{.height = 8};
    const auto all = render_top(graph(), {}).text;
    std::string seen;
    const auto first = render_top(graph(), {}, small);
    for (std::size_t scroll = 0; scroll <= first.scroll_max; ++scroll)
      seen += render_top(graph(), {.scroll = scroll}, small).text;
    std::istringstream lines(all.substr(all.find("ACTOR")));
    for (std::string line; std::getline(lines, line);) CHECK(contains(seen, line + "\n"));
    CHECK(render_top(graph(), {.scroll = 999}, small).text ==
          render_top(graph(), {.scroll = first.scroll_max}, small).text);
  }

  TEST_CASE("the titles of a single table stay where they are") {
    const auto text = render_top(graph(), {.shown = Shown::Actors, .scroll = 999}, {.height = 8}).text;
    CHECK(contains(text, "\nACTOR "));
    CHECK(contains(text, "\nsource "));
    CHECK_FALSE(contains(text, "\nsink   "));
    CHECK_FALSE(contains(text, "CHANNEL"));
  }

  TEST_CASE("without a daemon it says that this is a snapshot, and of what") {
    const auto text = text_of_view({.lost = "cannot reach steadyd; trying again"});
    CHECK(text.starts_with("snapshot: cannot reach steadyd; trying again\ndemo  "));
    CHECK(contains(text, "\nsink "));
  }

  TEST_CASE("top takes whatever another version of the daemon sends") {
    for (const json& odd : {json::object(), json(5), json(),
                            json{{"actors", {1, "x", json::object()}}, {"channels", "none"}},
                            json{{"deadlocks", {json::object(), 4}}, {"bottlenecks", {json::array()}}}})
      CHECK(contains(text_of_view({}, odd), "ACTOR"));
  }

  TEST_CASE("keys change the view") {
    CHECK(pressed("s").sort == SortKey::Name);
    CHECK(pressed("ssssssss").sort == SortKey::Bottleneck);
    CHECK(pressed("r").reversed);
    CHECK_FALSE(pressed("rr").reversed);
    CHECK(pressed("a").shown == Shown::Actors);
    CHECK(pressed("ac").shown == Shown::Channels);
    CHECK(pressed("cc").shown == Shown::Both);
    CHECK(contains(text_of_view(pressed("?")), "reverse the order"));
    CHECK(pressed("??").help == false);
    View view;
    CHECK_FALSE(press(view, character('q'), 10));
    CHECK_FALSE(press(view, character(3), 10));
  }

  TEST_CASE("a filter is typed until enter keeps it or escape clears it") {
    View view = pressed("/qsé");  // no command while it is typed
    CHECK(view.typing);
    CHECK(view.filter == "qsé");
    CHECK(press(view, {Key::Kind::Backspace}, 10));
    CHECK(view.filter == "qs");
    CHECK(contains(text_of_view(view), "filter: qs_\n"));
    CHECK(press(view, {Key::Kind::Enter}, 10));
    CHECK_FALSE(view.typing);
    CHECK(view.filter == "qs");
    CHECK(press(view, {Key::Kind::Escape}, 10));
    CHECK(view.filter.empty());
    view = pressed("/x");
    CHECK_FALSE(press(view, character(3), 10));
  }

  TEST_CASE("scrolling never goes above the first line") {
    View view;
    CHECK(press(view, {Key::Kind::PageDown}, 10));
    CHECK(press(view, {Key::Kind::Down}, 10));
    CHECK(view.scroll == 11);
    CHECK(press(view, {Key::Kind::PageUp}, 10));
    CHECK(press(view, {Key::Kind::PageUp}, 10));
    CHECK(view.scroll == 0);
    CHECK(press(view, {Key::Kind::End}, 10));
    CHECK(render_top(graph(), view, {.height = 8}).scroll_max < view.scroll);
    CHECK(press(view, {Key::Kind::Home}, 10));
    CHECK(view.scroll == 0);
  }

  TEST_CASE("sort keys are read by their names") {
    CHECK(parse_sort_key("latency") == SortKey::Latency);
    CHECK(parse_sort_key("size").error().message ==
          "expected one of bottleneck, name, cpu, memory, rate, fill, latency, restarts, found 'size'");
  }
}
