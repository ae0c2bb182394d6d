#include <doctest/doctest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/log_format.hpp"

using namespace steady;
using namespace steady::log;
using nlohmann::json;

namespace {

const auto kThen = std::chrono::system_clock::time_point(std::chrono::microseconds(1'700'000'000'012'345));

json parsed(std::string_view sentence, Fields fields = {}) {
  return json::parse(json_line(kThen, Level::Warn, sentence, fields));
}

}  // namespace

TEST_SUITE("base/log_format") {
  TEST_CASE("a line for people has its fields behind it, quoted where that is needed") {
    CHECK(human_text("Worker died", {{"actor", "sink"}, {"pid", 5}, {"why", "a \"b\"\n\x01"}, {"note", ""}}) ==
          "Worker died  actor=sink  pid=5  why=\"a \\\"b\\\"\\n\\x01\"  note=\"\"");
  }

  TEST_CASE("a line of JSON has time, level and message, and numbers are numbers") {
    const json line = parsed("Worker died", {{"actor", "sink"}, {"pid", 5}, {"load", 0.5}, {"text", "17"}});
    CHECK(line["time"] == "2023-11-14T22:13:20.012345Z");
    CHECK(line["level"] == "warn");
    CHECK(line["message"] == "Worker died");
    CHECK(line["actor"] == "sink");
    CHECK(line["pid"] == 5);
    CHECK(line["load"] == 0.5);
    CHECK(line["text"] == "17");
    CHECK(parsed("x", {{"nan", 0.0 / 0.0 * 1.0}})["nan"].is_string());
  }

  TEST_CASE("a field cannot hide time, level or message") {
    const json line = parsed("real", {{"message", "other"}, {"level", "none"}, {"time", "never"}});
    CHECK(line["message"] == "real");
    CHECK(line["message_"] == "other");
    CHECK(line["level"] == "warn");
    CHECK(line["time_"] == "never");
  }

  TEST_CASE("any two bytes between others make valid JSON on one line") {
    for (int first = 0; first < 256; ++first)
      for (int second = 0; second < 256; ++second) {
        const std::string text{'a', static_cast<char>(first), static_cast<char>(second), 'z'};
        const std::string line = json_line(kThen, Level::Info, text, {{"field", text}});
        const json object = json::parse(line, nullptr, false);
        REQUIRE_FALSE(object.is_discarded());
        REQUIRE(line.find('\n') == std::string::npos);
        if (first < 0x80 && second < 0x80) REQUIRE(object["message"] == text);
      }
  }

  TEST_CASE("what is no UTF-8 is replaced, and what is stays") {
    CHECK(parsed("é€😀")["message"] == "é€😀");
    CHECK(parsed("\xff")["message"] == "\ufffd");
    CHECK(parsed("a\xe2\x82")["message"] == "a\ufffd\ufffd");                     // cut off
    CHECK(parsed("\xc0\xaf")["message"] == "\ufffd\ufffd");                       // overlong
    CHECK(parsed("\xe0\x80\x80")["message"] == "\ufffd\ufffd\ufffd");             // overlong
    CHECK(parsed("\xed\xa0\x80")["message"] == "\ufffd\ufffd\ufffd");             // a surrogate
    CHECK(parsed("\xf4\x90\x80\x80")["message"] == "\ufffd\ufffd\ufffd\ufffd");   // beyond the last character
  }

  TEST_CASE("an entry of the journal names every actor that a line is about") {
    const auto entry = journal_entry(Level::Error, "Worker died", {{"actor", "a,b"}, {"exit-code", 3}});
    CHECK(entry == std::vector<std::string>{"MESSAGE=Worker died  actor=a,b  exit-code=3", "PRIORITY=3", "ACTOR=a",
                                            "ACTOR=b", "STEADY_EXIT_CODE=3"});
  }

  TEST_CASE("levels have the priorities of syslog") {
    CHECK(journal_entry(Level::Warn, "", {})[1] == "PRIORITY=4");
    CHECK(journal_entry(Level::Info, "", {})[1] == "PRIORITY=6");
    CHECK(journal_entry(Level::Debug, "", {})[1] == "PRIORITY=7");
    CHECK(journal_entry(Level::Trace, "", {})[1] == "PRIORITY=7");
  }
}
