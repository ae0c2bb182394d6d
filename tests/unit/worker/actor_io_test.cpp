#include "worker/actor_io.hpp"

#include <doctest/doctest.h>

#include "io_bench.hpp"
#include "ipc/observer.hpp"

namespace steady::worker {
namespace {

using test::IoBench;
using test::kNumberBytes;
using test::must;
using test::padded;
using Kind = IoBench::Kind;

constexpr auto kFence = ipc::FenceMode::Full;

/// A look at the only input as the loop does it before every step.
InputLane& looked_at(ActorIo& io) {
  InputLane& lane = io.inputs()[0];
  REQUIRE(lane.end.refresh());
  return lane;
}

std::string number(std::uint64_t value) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &value, 8);
  return bytes;
}

/// What the reader of the only output finds, and takes.
std::vector<std::string> take_all(const IoBench& bench) {
  ipc::InputEnd far = bench.ipc.input(bench.output_channel(0));
  REQUIRE(far.refresh());
  std::vector<std::string> found;
  while (far.available_messages() != 0) {
    const ipc::Position at = far.position();
    if (far.message_bytes() != 0) {
      found.emplace_back(far.begin(), far.begin() + far.message_bytes());
      far.publish({at.bytes + far.message_bytes(), at.messages + 1});
      continue;
    }
    steady_frame head;
    std::memcpy(&head, far.begin(), sizeof head);
    CHECK(head.sequence_low == static_cast<std::uint32_t>(at.messages));
    found.emplace_back(far.begin() + sizeof head, far.begin() + sizeof head + head.length);
    far.publish({at.bytes + padded(head.length), at.messages + 1});
  }
  CHECK(far.available_bytes() == 0);
  return found;
}

ipc::ChannelObserver observe(const IoBench& bench, const std::string& channel, const std::string& reader) {
  const ipc::Segments& segments = bench.ipc.segments;
  return must(ipc::ChannelObserver::open(segments.ring_path(channel), {segments.reader_path(channel, reader)}));
}

}  // namespace

TEST_SUITE("worker/actor_io") {
  TEST_CASE("thresholds are those of the plan until they are tuned, each end by its channel and port") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.add_input(Kind::Numbers);
    bench.plan().inputs[0].min = 4;
    bench.plan().inputs[0].window_bytes = 64;
    ActorIo& io = bench.open();
    CHECK(io.inputs()[0].enough(1) == 4);
    CHECK(io.inputs()[0].enough(100) == 8);  // more than eight would never come
    CHECK(io.inputs()[1].enough(1) == 1);
    io.tune({bench.input_channel(0), "p1", 7, 7, 7, 8});  // no such end
    CHECK(io.inputs()[0].min == 4);
    io.tune({bench.input_channel(0), "p0", 6, 7, 5, 0});
    CHECK(io.inputs()[0].min == 6);
    CHECK(io.inputs()[0].max == 7);
    CHECK(io.inputs()[0].max_wait_ns == 5);
    CHECK(io.inputs()[0].enough(100) == 100);
    CHECK(io.inputs()[1].min == 1);
  }

  TEST_CASE("an output shows no more room than its window, and what its actor asks for is the least of it") {
    IoBench bench;
    bench.add_output(Kind::Numbers);
    bench.plan().outputs[0].window_bytes = 64;
    ActorIo& io = bench.open();
    OutputLane& lane = io.outputs()[0];
    REQUIRE(io.show(lane));
    CHECK(lane.view->messages == 8);
    io.tune({bench.output_channel(0), "p0", 1, 0, 0, 16});
    REQUIRE(io.show(lane));
    CHECK(lane.view->messages == 2);
    lane.asked_bytes = 32;
    ActorIo::set_window(lane);
    REQUIRE(io.show(lane));
    CHECK(lane.view->messages == 4);
    io.tune({bench.output_channel(0), "p0", 1, 0, 0, 0});
    REQUIRE(io.show(lane));
    CHECK(lane.view->messages == 4096 / kNumberBytes);
  }

  TEST_CASE("a window is stretched for one frame that does not fit, and only while nothing else is in flight") {
    IoBench bench;
    bench.add_output(Kind::Frames, 8192);
    bench.plan().outputs[0].window_bytes = 1024;
    ActorIo& io = bench.open();
    OutputLane& lane = io.outputs()[0];
    REQUIRE(io.show(lane));
    CHECK(lane.view->bytes == 1024);
    CHECK_FALSE(io.stretch_windows());  // the actor did not want more
    lane.view->refused = 1;
    CHECK(io.stretch_windows());
    REQUIRE(io.show(lane));
    CHECK(lane.view->bytes == 2048);
    CHECK(lane.view->refused == 0);
    lane.view->used_bytes = 1600;
    lane.view->used_messages = 1;
    REQUIRE(io.commit(false, ipc::FenceMode::Full, 0, ipc::NoHook{}) == nullptr);
    CHECK(lane.end->window_bytes() == 1024);
    REQUIRE(io.show(lane));
    CHECK(lane.view->bytes == 0);
    lane.view->refused = 1;
    CHECK_FALSE(io.stretch_windows());
  }

  TEST_CASE("where nothing waits nothing is stepped over") {
    for (const Kind kind : {Kind::Numbers, Kind::Frames}) {
      IoBench bench;
      bench.add_input(kind);
      ActorIo& io = bench.open();
      CHECK_FALSE(io.skip(looked_at(io), kFence));
      CHECK(io.inputs()[0].end.position().messages == 0);
    }
  }

  TEST_CASE("a frame that is not whole is not stepped over") {
    IoBench bench;
    bench.add_input(Kind::Frames);
    bench.put(0, 1, 8);
    ActorIo& io = bench.open();
    const UniqueFd ring = test::IpcBench::open(bench.ipc.segments.ring_path(bench.input_channel(0)), O_RDWR);
    for (const std::uint32_t length : {9U, 4096U, 0xffff'ffffU}) {
      REQUIRE(::pwrite(ring.get(), &length, sizeof length, ipc::kPage) == sizeof length);
      CHECK_FALSE(io.skip(looked_at(io), kFence));
    }
    CHECK(io.inputs()[0].end.position().bytes == 0);
  }

  TEST_CASE("a parked lane is not stepped over") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.put(0, 1);
    ActorIo& io = bench.open();
    looked_at(io).parked = true;
    CHECK_FALSE(io.skip(io.inputs()[0], kFence));
  }

  TEST_CASE("exactly one message is stepped over, and the next generation finds it so") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.put(0, 3);
    ActorIo& io = bench.open();
    REQUIRE(io.skip(looked_at(io), kFence));
    CHECK(io.inputs()[0].end.available_messages() == 2);
    CHECK(bench.open().inputs()[0].end.position().messages == 1);
    CHECK(bench.io().inputs()[0].end.position().bytes == kNumberBytes);
  }

  TEST_CASE("a frame is stepped over with its head and its padding, also around the end of the data area") {
    for (const std::uint64_t length : {0U, 1U, 7U, 8U, 9U, 100U}) {
      CAPTURE(length);
      IoBench bench;
      bench.add_input(Kind::Frames);
      bench.begin_at(0, {4096 - 8, 3});
      bench.put(0, 1, length);
      bench.put(0, 1, 24);
      ActorIo& io = bench.open();
      REQUIRE(io.skip(looked_at(io), kFence));
      CHECK(io.inputs()[0].end.position().bytes == 4096 - 8 + padded(length));
      CHECK(io.inputs()[0].end.position().messages == 4);
      REQUIRE(io.skip(io.inputs()[0], kFence));
      CHECK(io.inputs()[0].end.available_bytes() == 0);
    }
  }

  TEST_CASE("stepping over wakes a producer that sleeps for that room") {
    IoBench bench;
    bench.add_input(Kind::Numbers, 1, 64);
    bench.put(0, 8);
    ActorIo& io = bench.open();
    bench.ipc.output(bench.input_channel(0), {"x"}).set_wake_at(kNumberBytes);
    const ipc::Bell bell = bench.ipc.bell(bench.input_channel(0));
    const auto before = bell.count();
    REQUIRE(io.skip(looked_at(io), kFence));
    CHECK(bell.count() == before + 1);
  }

  TEST_CASE("what does not fit now is not put back, and neither is its ticket") {
    for (const Kind kind : {Kind::Numbers, Kind::Frames}) {
      IoBench bench;
      bench.add_output(kind, 64);
      ActorIo& io = bench.open();
      const std::string body = kind == Kind::Numbers ? number(1) : std::string(8, 'f');
      std::uint64_t ticket = 1;
      while (io.put_back(io.outputs()[0], body, ticket, kFence)) ++ticket;
      CHECK(ticket - 1 == 64 / (kind == Kind::Numbers ? 8 : 16));
      CHECK(io.words().last_replay.load() == ticket - 1);
      CHECK(take_all(bench).size() == ticket - 1);
      // The reader has made room: it is looked for before anything is refused.
      CHECK(io.put_back(io.outputs()[0], body, ticket, kFence));
      CHECK(io.words().last_replay.load() == ticket);
    }
  }

  TEST_CASE("a frame that needs one byte more than the room that is left is refused, one that fills it is not") {
    IoBench bench;
    bench.add_output(Kind::Frames, 64);
    ActorIo& io = bench.open();
    REQUIRE(io.put_back(io.outputs()[0], std::string(24, 'a'), 1, kFence));  // 32 bytes are left
    CHECK_FALSE(io.put_back(io.outputs()[0], std::string(25, 'b'), 2, kFence));
    CHECK(io.put_back(io.outputs()[0], std::string(24, 'c'), 2, kFence));
    CHECK(take_all(bench) == std::vector{std::string(24, 'a'), std::string(24, 'c')});
  }

  TEST_CASE("a letter larger than the whole channel is refused for good") {
    IoBench bench;
    bench.add_output(Kind::Frames, 64);
    ActorIo& io = bench.open();
    CHECK_FALSE(io.put_back(io.outputs()[0], std::string(57, 'x'), 1, kFence));
    CHECK(io.put_back(io.outputs()[0], std::string(56, 'x'), 1, kFence));
  }

  TEST_CASE("a reader that claims the impossible gives no room") {
    IoBench bench;
    bench.add_output(Kind::Numbers);
    ActorIo& io = bench.open();
    bench.ipc.spoil<ipc::ReaderPage>(bench.ipc.segments.reader_path(bench.output_channel(0), "in"),
                                     [](ipc::ReaderPage& page) { page.head.store(8); });
    CHECK_FALSE(io.put_back(io.outputs()[0], number(1), 1, kFence));
    CHECK(io.words().last_replay.load() == 0);
  }

  TEST_CASE("letters arrive behind what is there, numbered on, also around the end of the data area") {
    IoBench bench;
    bench.add_output(Kind::Frames);
    ActorIo& io = bench.open();
    std::uint64_t ticket = 0;
    std::vector<std::string> expected;
    for (std::size_t length = 0; length < 200; ++length) {  // more than four times around
      const std::string body(length, static_cast<char>('a' + length % 26));
      REQUIRE(io.put_back(io.outputs()[0], body, ++ticket, kFence));
      if (length % 2 == 0) {
        expected.push_back(body);
        continue;
      }
      expected.push_back(body);
      CHECK(take_all(bench) == expected);
      expected.clear();
    }
    CHECK(io.outputs()[0].end->position().messages == 200);
    CHECK(io.words().last_replay.load() == 200);
  }

  TEST_CASE("a message of one size is put back byte by byte as it was") {
    IoBench bench;
    bench.add_output(Kind::Numbers);
    ActorIo& io = bench.open();
    REQUIRE(io.put_back(io.outputs()[0], number(0x0123'4567'89ab'cdef), 1, kFence));
    CHECK(take_all(bench) == std::vector{number(0x0123'4567'89ab'cdef)});
  }

  TEST_CASE("the letter and its ticket are one commit: the next generation finishes both or neither") {
    for (const Kind kind : {Kind::Numbers, Kind::Frames}) {
      IoBench bench;
      bench.add_output(kind);
      ActorIo& io = bench.open();
      REQUIRE(io.put_back(io.outputs()[0], number(5), 9, kFence));
      CHECK(io.words().record.armed.load() == 0);
      CHECK(io.words().record.replay == 9);
      CHECK(io.words().record.entry_count == 1);
      // As if the kill had come right after the record was armed.
      io.words().last_replay.store(0);
      bench.ipc.spoil<ipc::RingPage>(bench.ipc.segments.ring_path(bench.output_channel(0)), [](ipc::RingPage& page) {
        page.tail.store(0);
        page.tail_messages.store(0);
      });
      io.words().record.armed.store(1);
      ActorIo& next = bench.open();
      CHECK(next.repaired());
      CHECK(next.words().last_replay.load() == 9);
      CHECK(take_all(bench) == std::vector{number(5)});
    }
  }

  TEST_CASE("putting back wakes a reader that sleeps") {
    IoBench bench;
    bench.add_output(Kind::Numbers);
    ActorIo& io = bench.open();
    bench.ipc.input(bench.output_channel(0)).set_wake_at(kNumberBytes);
    const auto before = bench.ipc.bell("in").count();
    REQUIRE(io.put_back(io.outputs()[0], number(1), 1, kFence));
    CHECK(bench.ipc.bell("in").count() == before + 1);
  }

  TEST_CASE("the messages of a measured step are marked before they are published, those of another are not") {
    IoBench bench;
    bench.add_output(Kind::Frames);
    ActorIo& io = bench.open();
    const auto put = [&](std::uint64_t stepped_ns) {
      REQUIRE(io.show(io.outputs()[0]));
      io.outputs()[0].view->used_bytes = 3 * padded(5);
      io.outputs()[0].view->used_messages = 3;
      REQUIRE(io.commit(false, kFence, stepped_ns, ipc::NoHook{}) == nullptr);
      CHECK(io.batch() == 3);
    };
    const std::string& channel = bench.output_channel(0);
    const auto marks_made = [&] {
      std::uint64_t made = 0;
      bench.ipc.spoil<ipc::RingPage>(bench.ipc.segments.ring_path(channel),
                                     [&](ipc::RingPage& page) { made = page.marks_made.load(); });
      return made;
    };
    put(0);
    CHECK(marks_made() == 0);
    put(1000);
    CHECK(marks_made() == 1);
    const auto observer = observe(bench, channel, "in");
    CHECK(observer.oldest_mark_ns(0) == 1000);
  }

  TEST_CASE("the age of a marked message is recorded when it is taken, also when it is stepped over") {
    for (const bool skipped : {false, true}) {
      IoBench bench;
      bench.add_input(Kind::Numbers);
      ActorIo& io = bench.open();
      const std::string& channel = bench.input_channel(0);
      bench.ipc.output(channel, {"x"}).mark_maker().make({0, 0}, {kNumberBytes, 1}, now_ns());
      bench.put(0, 2);
      const auto observer = observe(bench, channel, "x");
      CHECK(observer.latency(0).count == 0);
      if (skipped) {
        CHECK(io.skip(looked_at(io), kFence));
      } else {
        REQUIRE(io.show(io.inputs()[0]));
        io.inputs()[0].view->used_bytes = kNumberBytes;
        io.inputs()[0].view->used_messages = 1;
        REQUIRE(io.commit(false, kFence, 0, ipc::NoHook{}) == nullptr);
        CHECK(io.batch() == 1);
      }
      CHECK(observer.latency(0).count == 1);
    }
  }

  TEST_CASE("a commit that the dead generation had decided keeps its mark, one that it had not loses it") {
    for (const bool decided : {false, true}) {
      IoBench bench;
      bench.add_output(Kind::Numbers);
      const std::string channel = bench.output_channel(0);
      {
        ActorIo& dead = bench.open();
        REQUIRE(dead.show(dead.outputs()[0]));
        dead.outputs()[0].marks->make({0, 0}, {kNumberBytes, 1}, 1000);
        auto& record = dead.words().record;
        record.entries[0] = {dead.outputs()[0].end->incarnation(), kNumberBytes, 1};
        record.entry_count = 1;
        record.armed.store(decided ? 1 : 0);
      }
      ActorIo& io = bench.open();
      CHECK(io.repaired() == decided);
      CHECK(take_all(bench).size() == (decided ? 1 : 0));
      bench.ipc.spoil<ipc::RingPage>(bench.ipc.segments.ring_path(channel), [&](ipc::RingPage& page) {
        CHECK(page.marks[0].time_ns.load() == (decided ? 1000 : 0));
      });
    }
  }

  TEST_CASE("only messages that were taken count as taken; a change of the state alone is progress") {
    IoBench bench(8);
    bench.add_input(Kind::Numbers);
    bench.put(0, 1);
    ActorIo& io = bench.open();
    REQUIRE(io.show(io.inputs()[0]));
    REQUIRE(io.commit(false, kFence, 0, ipc::NoHook{}) == nullptr);
    CHECK_FALSE(io.progressed());
    CHECK_FALSE(io.took());
    io.io().touched = 1;
    REQUIRE(io.commit(false, kFence, 0, ipc::NoHook{}) == nullptr);
    CHECK(io.progressed());
    CHECK_FALSE(io.took());
    io.inputs()[0].view->used_bytes = kNumberBytes;
    io.inputs()[0].view->used_messages = 1;
    REQUIRE(io.commit(false, kFence, 0, ipc::NoHook{}) == nullptr);
    CHECK(io.progressed());
    CHECK(io.took());
  }
}

}  // namespace steady::worker
