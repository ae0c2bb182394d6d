#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "control/ctl/inspect.hpp"
#include "control/ctl/run.hpp"
#include "control/ctl/status.hpp"
#include "control/ctl/table.hpp"
#include "support/text.hpp"

using namespace steady;
using namespace steady::control;
using nlohmann::json;
using test::contains;

namespace {

json graph() {
  return json::parse(R"({
    "name": "demo", "version": "0.1.0", "uptime_seconds": 125, "ready": false,
    "not_ready": ["actor sink has failed"],
    "actors": [
      {"name": "source", "state": "running", "generation": 2, "restarts": {"crash": 1, "operator": 2}, "pid": 100,
       "cpu_seconds": 1.5, "memory_bytes": 1572864, "note": "at 42", "reason": "", "retry_in_seconds": null},
      {"name": "sink", "state": "waiting", "reason": "crashed", "note": "", "pid": 0, "retry_in_seconds": 2.5}],
    "channels": [
      {"name": "source.numbers", "rate_messages_per_second": 10, "messages_sent": 50,
       "readers": [{"actor": "sink", "port": "in", "fill_ratio": 0.97, "messages_received": 18},
                   {"actor": "other", "port": "in", "fill_ratio": 0}]}],
    "supervisors": [
      {"name": "root", "strategy": "one_for_one", "used": 3, "intensity": 5, "resets_in_seconds": 41.2},
      {"name": "work", "strategy": "one_for_all", "used": 5, "intensity": 5, "failed": true, "why": "too many"}]})");
}

}  // namespace

TEST_SUITE("control/ctl") {
  TEST_CASE("status says whether the service is ready, and why not") {
    const auto text = render_status(graph());
    CHECK(text.starts_with("demo  steadyd 0.1.0, up 2 min 5 s, not ready\n  actor sink has failed\n"));
  }

  TEST_CASE("status shows actors, readers of channels and budgets") {
    const auto text = render_status(graph());
    CHECK(contains(text, "source  running    2         3  100  1.5 s  1.5 MiB  at 42\n"));
    CHECK(contains(text, "0.0 s        -  crashed (retry in 2.5 s)\n"));
    CHECK(contains(text, "source.numbers  sink.in   97 %"));
    CHECK(contains(text, "\n                other.in   0 %"));
    CHECK(contains(text, "3 of 5 used, resets in 42 s\n"));
    CHECK(contains(text, "failed: too many\n"));
  }

  TEST_CASE("status writes escape sequences only when it may") {
    CHECK_FALSE(contains(render_status(graph()), "\x1b"));
    CHECK(contains(render_status(graph(), {.colours = true}), "\x1b[31mnot ready\x1b[0m"));
  }

  TEST_CASE("status shows the note of a running actor and the reason of any other") {
    auto both = graph();
    both["actors"][0]["reason"] = "restarted by the operator";
    both["actors"][1]["note"] = "following a file";
    CHECK(contains(render_status(both), "  at 42\n"));
    CHECK(contains(render_status(both), "  crashed (retry in 2.5 s)\n"));
  }

  TEST_CASE("status shows how the spare of a running actor is") {
    auto both = graph();
    both["actors"][0]["standby"] = "ready";
    CHECK(contains(render_status(both), "  standby ready; at 42\n"));
    both["actors"][0]["note"] = "";
    CHECK(contains(render_status(both), "  standby ready\n"));
  }

  TEST_CASE("status rounds large counts and rates") {
    auto fast = graph();
    fast["channels"][0]["rate_messages_per_second"] = 713389017.4;
    fast["channels"][0]["messages_sent"] = 2118123456;
    CHECK(contains(render_status(fast), " 713 M/s  2.1 G        18\n"));
  }

  TEST_CASE("no line is wider than the screen, whatever the reason") {
    auto talkative = graph();
    talkative["not_ready"][0] = std::string(500, 'x');
    talkative["actors"][1]["reason"] = std::string(500, 'x');
    const Screen narrow{.width = 70};
    std::istringstream lines(render_status(talkative, narrow));
    for (std::string line; std::getline(lines, line);) CHECK(clipped(line, narrow.width) == line);
    CHECK(contains(render_status(talkative, narrow), "xx…\n"));
    CHECK(contains(render_status(talkative), std::string(500, 'x')));
    CHECK(render_table({"A", "B"}, {{{"abc"}, {"defg"}}}, {.width = 7}) == "A    B\nabc  d…\n");
    CHECK(render_table({"A", "B"}, {{{"abc"}, {"defg"}}}, {.width = 4}) == "A\nabc\n");
  }

  TEST_CASE("a cut text ends in an ellipsis and never inside of a character") {
    CHECK(clipped("éabc", 4) == "éabc");
    CHECK(clipped("aéééé", 3) == "aé…");
    CHECK(clipped("ab", 1) == "…");
    CHECK(clipped("ab", 0).empty());
  }

  TEST_CASE("status takes whatever another version of the daemon sends") {
    CHECK(contains(render_status(json::object()), "ACTOR"));
    CHECK(contains(render_status(json(5)), "ACTOR"));
    CHECK(contains(render_status(json{{"actors", {1, "x", json::object()}}, {"channels", "none"}}), "ACTOR"));
  }

  TEST_CASE("a note cannot move the terminal's cursor") {
    CHECK(printable("a\x1b[2Jb\nc\x7f\xc2\x9b é") == "a [2Jb c   é");
    auto hostile = graph();
    hostile["actors"][0]["note"] = "\x1b[2J";
    CHECK_FALSE(contains(render_status(hostile), "\x1b"));
  }

  TEST_CASE("columns line up, also below characters of several bytes") {
    CHECK(render_table({"A", "B"}, {{{"é"}, {"1"}}, {{"abc"}, {"2"}}}) ==
          "A    B\n"
          "é    1\n"
          "abc  2\n");
    CHECK(render_table({"N"}, {{{"5", Colour::None, true}}, {{"100", Colour::None, true}}}) == "  N\n  5\n100\n");
  }

  TEST_CASE("spans, counts and sizes are for people") {
    CHECK(seconds_text(0) == "0 s");
    CHECK(seconds_text(-1) == "0 s");
    CHECK(seconds_text(59.2) == "1 min 0 s");
    CHECK(seconds_text(7260) == "2 h 1 min");
    CHECK(seconds_text(90000) == "1 d 1 h");
    CHECK(count_text(9999) == "9999");
    CHECK(count_text(65536) == "66 k");
    CHECK(count_text(999'600) == "1.0 M");
    CHECK(count_text(9.96e9) == "10 G");
    CHECK(count_text(18446744073709551615.0) == "18 E");
    CHECK(rate_text(0) == "0/s");
    CHECK(rate_text(0.5) == "0.5/s");
    CHECK(rate_text(2.1e9) == "2.1 G/s");
    CHECK(bytes_text(1023) == "1023 B");
    CHECK(bytes_text(1536) == "1.5 KiB");
    CHECK(bytes_text(100 * 1024 * 1024) == "100 MiB");
  }

  TEST_CASE("a plugin's description is readable") {
    const auto text = render_description(json::parse(R"({
      "plugin": "numbers", "version": "1.2", "types": [
        {"name": "Count", "help": "Counts up.", "state": {"size": 8, "version": 1, "durable": true},
         "ports": [
           {"name": "out", "direction": "output", "kind": "messages", "message": {"name": "Number", "size": 24,
            "fields": [{"name": "value", "type": "u64", "count": 1}, {"name": "unit", "type": "char", "count": 16}]}},
           {"name": "in", "help": "What to add.", "direction": "input", "kind": "frames", "many": true, "optional": true}],
         "parameters": [
           {"name": "step", "type": "integer", "default": "1", "help": "How far."},
           {"name": "name", "type": "text", "required": true, "help": "What."}],
         "metrics": [{"name": "seen", "kind": "counter", "help": "Numbers."}]}]})"));
    CHECK(text.starts_with("plugin numbers 1.2\n\n  Count: Counts up.\n"));
    CHECK(contains(text, "    output out (Number, 24 bytes: value u64, unit char[16])\n"));
    CHECK(contains(text, "    input  in (frames), any number of channels, optional\n           What to add.\n"));
    CHECK(contains(text, "    step       integer  default 1  How far.\n"));
    CHECK(contains(text, "    name       text     required   What.\n"));
    CHECK(contains(text, "seen    counter  Numbers.\n"));
    CHECK(contains(text, "state  8 bytes, version 1, durable\n"));
  }

  TEST_CASE("a program's output and its end are reported") {
    const auto fine = run({"/bin/sh", "-c", "echo hello"});
    REQUIRE(fine.has_value());
    CHECK(fine->output == "hello\n");
    CHECK(fine->succeeded);
    CHECK(run({"/bin/sh", "-c", "exit 3"})->ending == "exit code 3");
    CHECK(run({"/bin/sh", "-c", "kill -9 $$"})->ending == "signal 9 (Killed)");
    CHECK_FALSE(run({"/nowhere/program"}).has_value());
  }

  TEST_CASE("a program that prints without end is stopped") {
    const auto outcome =
        run({"/bin/sh", "-c", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"});
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == ErrorCode::Invalid);
  }
}
