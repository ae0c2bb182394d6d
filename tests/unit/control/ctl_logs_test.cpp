#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "control/ctl/logs.hpp"

using namespace steady::control;
using nlohmann::json;

TEST_SUITE("control/ctl_logs") {
  TEST_CASE("lines look as in the log") {
    const auto answer = json::parse(R"({"dropped": 0, "lines": [
      {"number": 1, "at": "2026-01-31T12:00:00.000001Z", "level": "info", "actor": "sink", "text": "Ready  actor=sink"},
      {"number": 2, "at": "2026-01-31T12:00:01.000000Z", "level": "error", "text": "Two\nlines"}]})");
    CHECK(render_logs(answer) ==
          "2026-01-31T12:00:00.000001Z info  Ready  actor=sink\n2026-01-31T12:00:01.000000Z error Two\nlines\n");
    CHECK(render_logs(answer, {.colours = true}).find("\x1b[31merror\x1b[0m Two") != std::string::npos);
  }

  TEST_CASE("missing lines are told") {
    CHECK(render_logs(json{{"dropped", 7U}, {"lines", json::array()}}) == "... 7 lines are no longer kept ...\n");
  }

  TEST_CASE("a line cannot move the terminal's cursor, and odd answers are empty") {
    CHECK(render_logs(json{{"lines", {{{"text", "a\x1b[2Jb"}, {"at", "\x1b"}}}}}).find('\x1b') == std::string::npos);
    CHECK(render_logs(json::object()).empty());
    CHECK(render_logs(json(5)).empty());
  }
}
