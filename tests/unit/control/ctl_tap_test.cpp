// How hard a follower looks, and what a recording looks like.
#include <doctest/doctest.h>

#include "control/ctl/recording.hpp"
#include "control/ctl/tap.hpp"

namespace steady::control {
namespace {

using namespace std::chrono_literals;

topology::PlannedChannel numbers() {
  topology::PlannedChannel channel;
  channel.name = "a.out";
  channel.message = {"Number", 8, 8, {{"value", "u64", 0, 1}}};
  return channel;
}

}  // namespace

TEST_SUITE("control/ctl_tap") {
  TEST_CASE("a follower that sees nothing looks ever less often") {
    Pace pace;
    CHECK(pace.rest_after(false, false, true) == 1ms);
    CHECK(pace.rest_after(false, false, true) == 2ms);
    for (int i = 0; i < 10; ++i) static_cast<void>(pace.rest_after(false, false, true));
    CHECK(pace.rest_after(false, false, true) == 50ms);
    CHECK(pace.rest_after(true, false, true) == 1ms);
    CHECK(pace.rest_after(false, false, true) == 1ms);
  }

  TEST_CASE("a follower that is behind goes on at once, and one that has lost the race takes samples") {
    Pace pace;
    CHECK(pace.rest_after(true, false, false) == 0ms);
    const std::uint64_t whole = pace.most();
    CHECK(pace.rest_after(true, true, false) == 50ms);
    CHECK(pace.most() < whole);
    CHECK(pace.rest_after(true, false, true) == 1ms);
    CHECK(pace.most() == whole);
  }

  TEST_CASE("a recording reads back") {
    const std::string bytes("\x07\0\0\0\0\0\0\0", 8);
    CHECK(recording_header(numbers()).find("{\"steadyd_recording\":1,\"channel\":\"a.out\",\"message\":{") == 0);
    CHECK(recording_line(numbers(), 3, 1.5, bytes) ==
          R"({"sequence":3,"time":1.5,"hex":"0700000000000000","message":{"value":7}})");
    const auto channel = read_recording_header(recording_header(numbers()));
    REQUIRE(channel);
    CHECK(channel->name == "a.out");
    CHECK(channel->message.fields == numbers().message.fields);
    CHECK(**read_recording_line(recording_line(numbers(), 3, 1.5, bytes)) == bytes);
    CHECK_FALSE(*read_recording_line(recording_skip(9)));
  }

  TEST_CASE("lines of something else are refused") {
    for (const char* const line : {"", "{}", "[]", R"({"steadyd_recording":2})", R"({"steadyd_recording":1,"channel":"a"})"})
      CHECK_FALSE(read_recording_header(line));
    for (const char* const line : {"", "{}", "7", R"({"hex":7})", R"({"hex":"0"})", R"({"hex":"0g"})"})
      CHECK_FALSE(read_recording_line(line));
  }
}

}  // namespace steady::control
