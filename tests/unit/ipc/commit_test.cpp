#include "ipc/commit.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <set>

#include "support/ipc_bench.hpp"

namespace steady::ipc {
namespace {

using test::IpcBench;

struct Killed {};

/// Ends the commit at its n-th point, as a kill would: what was stored by then stays, nothing else happens.
class KillAt {
 public:
  explicit KillAt(std::size_t call) : call_(call) {}
  void operator()(CommitPoint point) const {
    points.push_back(point);
    if (points.size() == call_) throw Killed{};
  }
  mutable std::vector<CommitPoint> points;

 private:
  std::size_t call_;
};

constexpr std::size_t kNever = 0;

/// What one step did, one bit each.
enum Step : unsigned {
  TakesMessages = 1,
  TakesFrames = 2,
  PutsMessages = 4,
  PutsFrames = 8,
  ChangesState = 16,
  Finishes = 32,
  PutsBack = 64  ///< remembers the ticket of a dead letter
};
constexpr unsigned kSteps = 128;

/// Everything that must change at once.
struct Visible {
  std::uint64_t taken_bytes, taken_messages, taken_frame_bytes, taken_frames;
  std::uint64_t put_bytes, put_messages, put_frame_bytes, put_frames;
  std::uint64_t state, finished, closed_messages, closed_frames, ticket;
  bool operator==(const Visible&) const = default;
};

/// The ends of one generation of the actor "x", mapped from the files that the bench keeps.
struct Generation {
  explicit Generation(const IpcBench& bench)
      : segment(bench.actor("x")),
        words(*segment.at<ActorWords>(kActorWordsOffset)),
        messages_in(bench.input("messages-in")),
        frames_in(bench.input("frames-in")),
        messages_out(bench.output("messages-out")),
        frames_out(bench.output("frames-out")) {}

  Result<bool> repair() { return ipc::repair(words, inputs, outputs); }

  template <class Hook>
  void commit(unsigned step, const Hook& hook) {
    std::vector<Moved<InputEnd>> moved_in;
    std::vector<Moved<OutputEnd>> moved_out;
    if ((step & TakesMessages) != 0)
      moved_in.push_back({&messages_in, {messages_in.position().bytes + 16, messages_in.position().messages + 2}});
    if ((step & TakesFrames) != 0)
      moved_in.push_back({&frames_in, {frames_in.position().bytes + 40, frames_in.position().messages + 1}});
    if ((step & PutsMessages) != 0)
      moved_out.push_back({&messages_out, {messages_out.position().bytes + 24, messages_out.position().messages + 3}});
    if ((step & PutsFrames) != 0)
      moved_out.push_back({&frames_out, {frames_out.position().bytes + 64, frames_out.position().messages + 2}});
    Changes changes;
    changes.inputs = moved_in;
    changes.outputs = moved_out;
    changes.state_current = (step & ChangesState) == 0 ? 0 : words.state_current.load() == 2 ? 1 : 2;
    changes.finished = (step & Finishes) != 0;
    changes.replay = (step & PutsBack) == 0 ? 0 : words.last_replay.load() + 7;
    ipc::commit(words, changes, outputs, FenceMode::Full, hook);
  }

  [[nodiscard]] Visible visible(const IpcBench& bench) const {
    InputEnd next = bench.input("messages-out");
    InputEnd next_frames = bench.input("frames-out");
    REQUIRE(next.refresh());
    REQUIRE(next_frames.refresh());
    return {messages_in.position().bytes,  messages_in.position().messages,  frames_in.position().bytes,
            frames_in.position().messages, next.available_bytes(),           next.available_messages(),
            next_frames.available_bytes(), next_frames.available_messages(), words.state_current.load(),
            words.finished.load(),         next.closed() ? 1U : 0U,          next_frames.closed() ? 1U : 0U,
            words.last_replay.load()};
  }

  Mapping segment;
  ActorWords& words;
  InputEnd messages_in;
  InputEnd frames_in;
  OutputEnd messages_out;
  OutputEnd frames_out;
  InputEnd* inputs[2] = {&messages_in, &frames_in};
  OutputEnd* outputs[2] = {&messages_out, &frames_out};
};

/// An actor in the middle of its life: something waits on both inputs, its first state is committed.
struct World {
  World() {
    const RingSpec messages{.capacity_bytes = 64, .message_bytes = 8, .message_hash = 1};
    const RingSpec frames{.capacity_bytes = 4096, .message_bytes = 0, .message_hash = 1};
    for (const char* const name : {"messages-in", "messages-out"}) bench.add_channel(name, messages);
    for (const char* const name : {"frames-in", "frames-out"}) bench.add_channel(name, frames);
    test::must(bench.segments.ensure_actor("x", {.state_bytes = 8, .state_version = 1, .metric_count = 0}));
    bench.output("messages-in").publish({64, 8});
    bench.output("frames-in").publish({400, 9});
    Generation(bench).commit(ChangesState, NoHook{});
  }
  IpcBench bench;
};

Visible after_uninterrupted(unsigned step) {
  World world;
  Generation generation(world.bench);
  generation.commit(step, NoHook{});
  return generation.visible(world.bench);
}

}  // namespace

TEST_SUITE("ipc/commit") {
  TEST_CASE("whatever a step did and wherever its commit is killed, the next generation sees all of it or nothing") {
    std::set<CommitPoint> seen;
    for (unsigned step = 1; step < kSteps; ++step) {
      CAPTURE(step);
      const Visible whole = after_uninterrupted(step);
      for (std::size_t call = 1;; ++call) {
        World world;
        std::optional<Visible> before;
        const KillAt hook(call);
        bool killed = false;
        {
          Generation first(world.bench);
          before = first.visible(world.bench);
          try {
            first.commit(step, hook);
          } catch (const Killed&) {
            killed = true;
          }
        }
        if (!killed) {
          CHECK(hook.points.back() == CommitPoint::Done);
          break;
        }
        const CommitPoint point = hook.points.back();
        seen.insert(point);
        CAPTURE(static_cast<unsigned>(point));
        Generation second(world.bench);
        const auto repaired = second.repair();
        REQUIRE(repaired);
        const bool decided = point != CommitPoint::BeforeRecord && point != CommitPoint::BeforeArm;
        REQUIRE(second.visible(world.bench) == (decided ? whole : *before));
        // What is repaired stays repaired, and the third generation sees the same.
        REQUIRE(second.repair() == false);
        Generation third(world.bench);
        REQUIRE(third.repair() == false);
        REQUIRE(third.visible(world.bench) == (decided ? whole : *before));
      }
    }
    CHECK(seen.size() == kCommitPointCount);
  }

  TEST_CASE("a repair that is killed itself is repeated without harm") {
    World world;
    {
      Generation first(world.bench);
      CHECK_THROWS_AS(first.commit(kSteps - 1, KillAt(3)), Killed);
    }
    Generation second(world.bench);
    REQUIRE(second.repair() == true);
    const Visible whole = second.visible(world.bench);
    for (int round = 0; round < 3; ++round) {
      second.words.record.armed.store(1);  // it died before it could disarm
      Generation next(world.bench);
      REQUIRE(next.repair() == true);
      CHECK(next.visible(world.bench) == whole);
    }
  }

  TEST_CASE("after a repair the ends know neither old room nor old messages") {
    World world;
    {
      Generation first(world.bench);
      CHECK_THROWS_AS(first.commit(TakesMessages | PutsMessages, KillAt(3)), Killed);
    }
    Generation second(world.bench);
    REQUIRE(second.messages_in.refresh());
    REQUIRE(second.messages_out.refresh());
    REQUIRE(second.repair() == true);
    CHECK(second.messages_in.available_messages() == 0);
    CHECK(second.messages_out.vacant_bytes() == 0);
    REQUIRE(second.messages_in.refresh());
    REQUIRE(second.messages_out.refresh());
    CHECK(second.messages_in.available_messages() == 6);
    CHECK(second.messages_out.vacant_bytes() == 40);
  }

  TEST_CASE("one position of fixed-size messages is committed by one store, without the record") {
    for (const unsigned step : {TakesMessages, PutsMessages}) {
      World world;
      Generation generation(world.bench);
      const std::uint64_t entries = generation.words.record.entry_count;
      const KillAt hook(kNever);
      generation.commit(step, hook);
      CHECK(hook.points.size() == 7);
      CHECK(generation.words.record.entry_count == entries);
    }
  }

  TEST_CASE("one position of frames goes through the record: its bytes and its count are two stores") {
    for (const unsigned step : {TakesFrames, PutsFrames}) {
      World world;
      {
        Generation first(world.bench);
        const KillAt hook(3);
        CHECK_THROWS_AS(first.commit(step, hook), Killed);
        CHECK(hook.points.back() == CommitPoint::Armed);
        // It died between the two stores.
        if (step == TakesFrames)
          world.bench.spoil<ReaderPage>(world.bench.segments.reader_path("frames-in", "in"),
                                        [](ReaderPage& page) { page.head_messages.store(1); });
        else
          world.bench.spoil<RingPage>(world.bench.segments.ring_path("frames-out"),
                                      [](RingPage& page) { page.tail.store(64); });
      }
      Generation second(world.bench);
      REQUIRE(second.repair() == true);
      CHECK(second.visible(world.bench) == after_uninterrupted(step));
    }
  }

  TEST_CASE("a dead letter that is put back and its ticket take effect together, wherever their commit is killed") {
    for (const unsigned puts : {PutsMessages, PutsFrames})
      for (std::size_t call = 1;; ++call) {
        World world;
        const KillAt hook(call);
        bool killed = false;
        {
          Generation first(world.bench);
          try {
            first.commit(puts | PutsBack, hook);
          } catch (const Killed&) {
            killed = true;
          }
        }
        if (!killed) break;
        Generation second(world.bench);
        REQUIRE(second.repair());
        const Visible visible = second.visible(world.bench);
        CAPTURE(puts);
        CAPTURE(call);
        CHECK((visible.ticket == 7) == (visible.put_bytes + visible.put_frame_bytes != 0));
        CHECK((visible.ticket == 7) == (call >= 3));  // armed
      }
  }

  TEST_CASE("a repair restores the ticket, and one of a commit without a ticket leaves the last one alone") {
    World world;
    {
      Generation first(world.bench);
      CHECK_THROWS_AS(first.commit(PutsMessages | PutsBack, KillAt(3)), Killed);
      CHECK(first.words.last_replay.load() == 0);
    }
    {
      Generation second(world.bench);
      REQUIRE(second.repair() == true);
      CHECK(second.words.last_replay.load() == 7);
      CHECK_THROWS_AS(second.commit(PutsMessages | TakesFrames, KillAt(3)), Killed);
    }
    Generation third(world.bench);
    REQUIRE(third.repair() == true);
    CHECK(third.words.last_replay.load() == 7);
    CHECK(third.visible(world.bench).put_messages == 6);
  }

  TEST_CASE("a dead letter goes through the record, even as the only message of one size") {
    World world;
    Generation generation(world.bench);
    const KillAt hook(kNever);
    generation.commit(PutsMessages | PutsBack, hook);
    CHECK(hook.points.size() == kCommitPointCount);
    CHECK(generation.words.record.replay == 7);
  }

  TEST_CASE("a repair closes the outputs of an actor that had finished, and wakes their readers") {
    World world;
    {
      Generation first(world.bench);
      CHECK_THROWS_AS(first.commit(Finishes, KillAt(3)), Killed);
      CHECK(world.bench.bell("in").count() == 0);
    }
    Generation second(world.bench);
    REQUIRE(second.repair() == true);
    CHECK(world.bench.input("messages-out").closed());
    CHECK(world.bench.input("frames-out").closed());
    CHECK(world.bench.bell("in").count() == 2);
  }

  TEST_CASE("entries of channels that exist no more are passed over, the others are stored") {
    World world;
    {
      Generation first(world.bench);
      CHECK_THROWS_AS(first.commit(TakesMessages | PutsFrames | ChangesState, KillAt(3)), Killed);
    }
    world.bench.segments.remove_channels({"frames-out"});
    world.bench.add_channel("frames-out", {.capacity_bytes = 4096, .message_bytes = 0, .message_hash = 1});
    Generation second(world.bench);
    REQUIRE(second.repair() == true);
    CHECK(second.messages_in.position().messages == 2);
    CHECK(second.frames_out.position().bytes == 0);
    CHECK(second.words.state_current.load() == 1);
  }

  TEST_CASE("a record that commit() cannot have written is refused and nothing of it is stored") {
    const std::function<void(CommitRecord&)> damages[] = {
        [](CommitRecord& record) { record.entry_count = kEndsMax + 1; },
        [](CommitRecord& record) { record.entry_count = kAwake; },
        [](CommitRecord& record) { record.state_current = 3; },
    };
    for (const auto& damage : damages) {
      World world;
      {
        Generation first(world.bench);
        CHECK_THROWS_AS(first.commit(kSteps - 1, KillAt(3)), Killed);
        damage(first.words.record);
      }
      Generation second(world.bench);
      const Visible before = second.visible(world.bench);
      const auto repaired = second.repair();
      REQUIRE_FALSE(repaired);
      CHECK(repaired.error().code == ErrorCode::Corrupt);
      CHECK(second.visible(world.bench) == before);
    }
  }

  TEST_CASE("as many ends as an actor may have fit into one commit") {
    IpcBench bench;
    REQUIRE(bench.segments.ensure_actor("x", {}));
    for (std::size_t i = 0; i < kEndsMax; ++i)
      bench.add_channel("c" + std::to_string(i), {.capacity_bytes = 64, .message_bytes = 8, .message_hash = 1});
    const auto commit_all = [&](std::size_t kill_at) {
      const Mapping segment = bench.actor("x");
      std::vector<OutputEnd> ends;
      for (std::size_t i = 0; i < kEndsMax; ++i) ends.push_back(bench.output("c" + std::to_string(i)));
      std::vector<OutputEnd*> pointers;
      std::vector<Moved<OutputEnd>> moved;
      for (OutputEnd& end : ends) {
        pointers.push_back(&end);
        moved.push_back({&end, {8, 1}});
      }
      auto& words = *segment.at<ActorWords>(kActorWordsOffset);
      if (kill_at == kNever) return repair(words, {}, pointers);
      Changes changes;
      changes.outputs = moved;
      CHECK_THROWS_AS(commit(words, changes, pointers, FenceMode::Full, KillAt(kill_at)), Killed);
      return Result<bool>(false);
    };
    REQUIRE(commit_all(100));  // about a third of the positions are stored
    REQUIRE(commit_all(kNever) == true);
    for (std::size_t i = 0; i < kEndsMax; ++i) {
      InputEnd input = bench.input("c" + std::to_string(i));
      REQUIRE(input.refresh());
      REQUIRE(input.available_messages() == 1);
    }
  }

  TEST_CASE("a commit rings only peers that sleep, and only after everything is visible") {
    World world;
    Generation generation(world.bench);
    InputEnd reader = world.bench.input("messages-out");
    reader.set_wake_at(8);
    const Bell bell = world.bench.bell("in");
    CHECK_THROWS_AS(generation.commit(PutsMessages | TakesMessages | ChangesState, KillAt(8)), Killed);
    CHECK(bell.count() == 0);
    Generation second(world.bench);
    second.commit(PutsMessages, NoHook{});
    CHECK(bell.count() == 1);
    CHECK(world.bench.bell("frames-out").count() == 0);
  }
}

}  // namespace steady::ipc
