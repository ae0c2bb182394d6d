#include "ipc/protocol.hpp"

#include <doctest/doctest.h>

#include <string>

namespace steady::ipc {
namespace {

WorkerPlan full_plan() {
  WorkerPlan plan;
  plan.worker = "demo";
  plan.fence = FenceMode::Membarrier;
  plan.crash_fd = 16;
  plan.placement = {{0, 2, 3}, -5, "fifo", 10, 1, true};
  ActorPlan& actor = plan.actors.emplace_back();
  actor.name = "parse";
  actor.plugin = "logs";
  actor.type = "Parse";
  actor.wait = "adaptive";
  actor.generation = 12;
  actor.plugin_fd = 4;
  actor.segment_fd = 5;
  actor.old_segment_fd = 6;
  actor.bell_fd = 7;
  actor.params = {{"format", "\"quoted\" \xc3\xbc \\ \n"}, {"x", ""}};
  InputPlan& input = actor.inputs.emplace_back();
  input.port = "lines";
  input.channel = "lines";
  input.producer = "tail";
  input.ring_fd = 8;
  input.reader_fd = 9;
  input.bell_fd = 10;
  input.min = 2;
  input.max = 0xffffffffffffffff;
  input.max_wait_ns = 1'000'000'000'000;
  input.window_bytes = 512;
  input.skip = 0xfffffffffffffffe;
  input.message = {"Line", 24, 8, {{"at", "u64", 0, 1}, {"text", "char", 8, 16}}};
  input.memory = {1, true, true};
  actor.outputs.push_back({"records", "records", 11, 1024, {{"count", 12, 13}, {"sink", 14, 15}}});
  return plan;
}

}  // namespace

TEST_SUITE("ipc/protocol") {
  TEST_CASE("a plan survives the line it travels as") {
    const std::string line = print(full_plan());
    CHECK(line.find('\n') == line.size() - 1);
    const auto read = parse_worker_plan(line);
    REQUIRE(read);
    CHECK(print(*read) == line);
    CHECK(read->fence == FenceMode::Membarrier);
    CHECK(read->crash_fd == 16);
    CHECK(read->placement.cpus == std::vector<unsigned>{0, 2, 3});
    CHECK(read->placement.nice == -5);
    CHECK(read->placement.policy == "fifo");
    CHECK(read->placement.priority == 10);
    CHECK(read->placement.lock_memory);
    CHECK(read->actors[0].inputs[0].memory.huge_pages);
    CHECK(read->actors[0].outputs[0].memory.numa == -1);
    CHECK(read->actors[0].params.at("format") == full_plan().actors[0].params.at("format"));
    CHECK(read->actors[0].inputs[0].max == 0xffffffffffffffff);
    CHECK(read->actors[0].inputs[0].skip == 0xfffffffffffffffe);
    CHECK(read->actors[0].inputs[0].message.fields[1].count == 16);
    CHECK(read->actors[0].outputs[0].readers[1].bell_fd == 15);
    CHECK(read->actors[0].inputs[0].window_bytes == 512);
    CHECK(read->actors[0].outputs[0].window_bytes == 1024);
  }

  TEST_CASE("what a plan leaves open is still open after its line") {
    WorkerPlan plan = full_plan();
    plan.placement.nice.reset();
    plan.actors[0].inputs[0].skip.reset();
    const auto read = parse_worker_plan(print(plan));
    REQUIRE(read);
    CHECK_FALSE(read->placement.nice);
    CHECK_FALSE(read->actors[0].inputs[0].skip);
  }

  TEST_CASE("a plan that is cut anywhere is refused") {
    const std::string line = print(full_plan());
    for (std::size_t length = 0; length + 2 < line.size(); ++length) {
      const auto read = parse_worker_plan(line.substr(0, length));
      REQUIRE_FALSE(read);
      REQUIRE(read.error().code == ErrorCode::Invalid);
    }
  }

  TEST_CASE("a takeover brings what only this start knows, and leaves the rest of the plan alone") {
    WorkerPlan spare = full_plan();
    spare.standby = true;
    WorkerPlan start = spare;
    start.actors[0].generation = 0xfffffffffffffffe;
    start.actors[0].careful = true;
    start.actors[0].reopen = true;
    start.actors[0].inputs[0].skip = 41;
    spare.actors[0].inputs[0].skip.reset();
    const std::string line = print_takeover(start);
    CHECK(line.find('\n') == line.size() - 1);
    REQUIRE(take_over(spare, line));
    CHECK(print(spare) == print(start));
  }

  TEST_CASE("a takeover of another plan, or one that is cut anywhere, is refused") {
    WorkerPlan plan = full_plan();
    const std::string line = print_takeover(plan);
    for (std::size_t length = 0; length + 1 < line.size(); ++length) {
      const auto taken = take_over(plan, line.substr(0, length));
      REQUIRE_FALSE(taken);
      REQUIRE(taken.error().code == ErrorCode::Invalid);
    }
    plan.actors[0].inputs.emplace_back();
    CHECK_FALSE(take_over(plan, line));
    plan.actors.emplace_back();
    CHECK_FALSE(take_over(plan, line));
    CHECK_FALSE(take_over(plan, "17"));
  }

  TEST_CASE("each command survives its line") {
    for (const auto kind : {Command::Kind::Drain, Command::Kind::Stop, Command::Kind::Replay}) {
      const Command command{kind, "parse", {7, "parse.requests", "00ff"}};
      const auto read = parse_command(print(command));
      REQUIRE(read);
      CHECK(read->kind == kind);
      if (kind != Command::Kind::Replay) continue;
      CHECK(read->actor == command.actor);
      CHECK(read->replay.ticket == 7);
      CHECK(read->replay.channel == command.replay.channel);
      CHECK(read->replay.payload_hex == command.replay.payload_hex);
    }
  }

  TEST_CASE("new thresholds survive their line") {
    Command command{Command::Kind::Tune, "parse"};
    command.tuning = {"tail.lines", "lines", 8, 0xffffffffffffffff, 2'000'000, 4096};
    const auto read = parse_command(print(command));
    REQUIRE(read);
    CHECK(read->kind == Command::Kind::Tune);
    CHECK(print(*read) == print(command));
    CHECK(read->actor == "parse");
    CHECK(read->tuning.max == 0xffffffffffffffff);
    CHECK(read->tuning.window_bytes == 4096);
    CHECK_FALSE(parse_command(R"({"command":"tune","actor":"parse","tuning":{"channel":"tail.lines"}})"));
  }

  TEST_CASE("each event survives its line") {
    for (const auto kind : {Event::Kind::Prepared, Event::Kind::Ready, Event::Kind::Log, Event::Kind::Failed,
                            Event::Kind::Violation, Event::Kind::Migrated, Event::Kind::Repaired, Event::Kind::Skipped,
                            Event::Kind::Replayed}) {
      Event event{kind, "actor", "warn", "two\nlines and \"quotes\"", "peer", "channel", 0xffffffffffffffff};
      const std::string line = print(event);
      CHECK(line.find('\n') == line.size() - 1);
      const auto read = parse_event(line);
      REQUIRE(read);
      CHECK(read->kind == kind);
      CHECK(read->actor == event.actor);
      CHECK(read->level == event.level);
      CHECK(read->text == event.text);
      CHECK(read->peer == event.peer);
      CHECK(read->channel == event.channel);
      CHECK(read->number == event.number);
    }
  }

  TEST_CASE("bytes that are no text still travel as one line") {
    Event event;
    event.text = std::string("\xff\xfe\0\x80 x", 6);
    const auto read = parse_event(print(event));
    REQUIRE(read);
    CHECK(read->text.find(" x") != std::string::npos);
  }

  TEST_CASE("garbage is refused with a reason") {
    const std::string deep(100'000, '[');
    for (const std::string& line :
         {std::string(), std::string("{"), std::string("null"), std::string("[]"), std::string("7"), std::string("{}"),
          std::string("{\"event\":7}"), std::string("{\"event\":\"dance\"}"),
          std::string("{\"event\":\"log\",\"text\":[]}"), std::string("{\"event\":\"log\",\"actor\":null}"),
          std::string("{\"command\":\"dance\"}"), std::string("{\"command\":{}}"), std::string("{\"worker\":\"x\"}"),
          std::string("\xff\xff"), deep}) {
      const auto event = parse_event(line);
      REQUIRE_FALSE(event);
      CHECK_FALSE(event.error().message.empty());
      CHECK(event.error().code == ErrorCode::Invalid);
      const auto command = parse_command(line);
      REQUIRE_FALSE(command);
      CHECK_FALSE(command.error().message.empty());
      CHECK_FALSE(parse_worker_plan(line));
    }
  }
}

}  // namespace steady::ipc
