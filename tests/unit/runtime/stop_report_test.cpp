#include "runtime/stop_report.hpp"

#include <doctest/doctest.h>

namespace steady::runtime {
namespace {

using Lines = std::vector<std::string>;

observe::ChannelSnapshot channel(const std::string& name, const std::vector<std::uint64_t>& waiting) {
  observe::ChannelSnapshot made;
  made.name = name;
  for (std::size_t reader = 0; reader < waiting.size(); ++reader) {
    made.readers.emplace_back();
    made.readers.back().actor = "r" + std::to_string(reader);
    made.readers.back().port = "in";
    made.readers.back().inflight_messages = waiting[reader];
  }
  return made;
}

observe::ActorSnapshot actor(const std::string& name, const std::string& state, const std::string& reason = "") {
  observe::ActorSnapshot made;
  made.name = name;
  made.state = state;
  made.reason = reason;
  return made;
}

}  // namespace

TEST_SUITE("runtime/stop_report") {
  TEST_CASE("every reader with messages before it gets a line, and nothing is drained then") {
    observe::Snapshot last;
    last.channels = {channel("a.out", {3, 0, 1}), channel("b.out", {0})};
    const StopReport report = report_stop(last);
    CHECK_FALSE(report.drained);
    CHECK(report.lines == Lines{"3 messages wait on a.out for r0.in", "1 messages wait on a.out for r2.in"});
  }

  TEST_CASE("stragglers come after the channels and before what had failed, word for word") {
    observe::Snapshot last;
    last.channels = {channel("a.out", {2})};
    last.actors = {actor("ok", "stopped"), actor("bad", "failed", "it died, and is temporary")};
    const StopReport report = report_stop(last, {"w is in a step that does not return", "v does not come to its end"});
    CHECK(report.lines == Lines{"2 messages wait on a.out for r0.in", "w is in a step that does not return",
                                "v does not come to its end", "bad had failed: it died, and is temporary"});
  }

  TEST_CASE("an actor that had failed is told, and empty channels are drained all the same") {
    observe::Snapshot last;
    last.channels = {channel("a.out", {0, 0})};
    last.actors = {actor("bad", "failed", "its plugin is gone")};
    const StopReport report = report_stop(last);
    CHECK(report.drained);
    CHECK(report.lines == Lines{"bad had failed: its plugin is gone"});
  }

  TEST_CASE("a stop that leaves nothing behind has nothing to say") {
    observe::Snapshot last;
    last.channels = {channel("a.out", {0})};
    for (const char* const state : {"stopped", "finished", "running"})
      last.actors.push_back(actor(state, state, "why"));
    const StopReport report = report_stop(last);
    CHECK(report.drained);
    CHECK(report.lines.empty());
    CHECK(report_stop({}).drained);
  }
}

}  // namespace steady::runtime
