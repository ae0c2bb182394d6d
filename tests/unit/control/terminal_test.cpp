#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "control/ctl/terminal.hpp"

using namespace steady::control;

namespace {

using Kind = Key::Kind;

std::vector<Kind> kinds(std::string bytes) {
  std::vector<Kind> result;
  for (const Key& key : take_keys(bytes)) result.push_back(key.kind);
  return result;
}

}  // namespace

TEST_SUITE("control/terminal") {
  TEST_CASE("keys are told apart, also when several come at once") {
    CHECK(kinds("\x1b[A\x1b[B\x1bOA\x1bOB") == std::vector{Kind::Up, Kind::Down, Kind::Up, Kind::Down});
    CHECK(kinds("\x1b[5~\x1b[6~\x1b[H\x1b[F") == std::vector{Kind::PageUp, Kind::PageDown, Kind::Home, Kind::End});
    CHECK(kinds("\t\r\x7f\b") == std::vector{Kind::Tab, Kind::Enter, Kind::Backspace, Kind::Backspace});
    CHECK(kinds("a\x1b[Ab") == std::vector{Kind::Character, Kind::Up, Kind::Character});
  }

  TEST_CASE("an unknown sequence is one unknown key") {
    CHECK(kinds("\x1b[15~\x1b[1;5Cx") == std::vector{Kind::Unknown, Kind::Unknown, Kind::Character});
  }

  TEST_CASE("an escape alone is a key") {
    CHECK(kinds("\x1b") == std::vector{Kind::Escape});
    CHECK(kinds("\x1b\x1b[A") == std::vector{Kind::Escape, Kind::Up});
    CHECK(kinds("\x1bx") == std::vector{Kind::Escape, Kind::Character});
  }

  TEST_CASE("the beginning of a sequence waits for its end") {
    std::string bytes = "x\x1b[5";
    CHECK(take_keys(bytes).size() == 1);
    CHECK(bytes == "\x1b[5");
    bytes += "~y";
    const auto keys = take_keys(bytes);
    REQUIRE(keys.size() == 2);
    CHECK(keys[0].kind == Kind::PageUp);
    CHECK(keys[1].character == 'y');
    CHECK(bytes.empty());
  }

  TEST_CASE("a frame overwrites what was there and does not scroll") {
    CHECK(frame_bytes("ab\nc\n") == "\x1b[Hab\x1b[K\r\nc\x1b[K\x1b[J");
    CHECK(frame_bytes("") == "\x1b[H\x1b[K\x1b[J");
  }
}
