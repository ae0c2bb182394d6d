#include "ipc/observer.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "ipc/histogram.hpp"
#include "support/ipc_bench.hpp"

namespace steady::ipc {
namespace {

using test::IpcBench;

constexpr RingSpec kNumbers{.capacity_bytes = 64, .message_bytes = 8, .message_hash = 1};

ChannelObserver observe(const IpcBench& bench, const std::vector<std::string>& readers = {"in"}) {
  std::vector<std::string> paths;
  for (const std::string& reader : readers) paths.push_back(bench.segments.reader_path("a", reader));
  return test::must(ChannelObserver::open(bench.segments.ring_path("a"), paths));
}

}  // namespace

TEST_SUITE("ipc/observer") {
  TEST_CASE("a sample says what the ends say") {
    IpcBench bench;
    const std::vector<std::string> readers{"one", "two"};
    bench.add_channel("a", kNumbers, readers);
    const ChannelObserver observer = observe(bench, readers);
    OutputEnd output = bench.output("a", readers);
    InputEnd one = bench.input("a", "one");
    output.publish({40, 5});
    one.publish({16, 2});
    const ChannelSample sample = observer.sample(0);
    CHECK(sample.tail_bytes == 40);
    CHECK(sample.tail_messages == 5);
    CHECK(sample.capacity_bytes == 64);
    CHECK_FALSE(sample.closed);
    REQUIRE(sample.readers.size() == 2);
    CHECK(sample.readers[0].head_bytes == 16);
    CHECK(sample.readers[0].head_messages == 2);
    CHECK(sample.readers[1].head_messages == 0);
    output.set_closed(true);
    CHECK(observer.sample(0).closed);
  }

  TEST_CASE("frames are counted by the ends' own counts") {
    IpcBench bench;
    bench.add_channel("a", {.capacity_bytes = 4096, .message_bytes = 0, .message_hash = 1});
    const ChannelObserver observer = observe(bench);
    bench.output("a").publish({400, 3});
    bench.input("a").publish({100, 1});
    const ChannelSample sample = observer.sample(0);
    CHECK(sample.tail_messages == 3);
    CHECK(sample.readers[0].head_messages == 1);
  }

  TEST_CASE("the time that a producer is blocked counts while it lasts") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    const ChannelObserver observer = observe(bench);
    OutputEnd output = bench.output("a");
    output.note_blocked(1000);
    CHECK(observer.sample(1500).blocked_ns == 500);
    CHECK(observer.sample(900).blocked_ns == 0);  // a clock read before the sleep began
    output.note_unblocked(700);
    CHECK(observer.sample(9000).blocked_ns == 700);
  }

  TEST_CASE("a reader that claims to be ahead is shown level") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    const ChannelObserver observer = observe(bench);
    bench.spoil<ReaderPage>(bench.segments.reader_path("a", "in"), [](ReaderPage& page) { page.head.store(kAwake); });
    CHECK(observer.sample(0).readers[0].head_messages == 0);
  }

  TEST_CASE("no wild write into a ring's constants can hurt the observer") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    const ChannelObserver observer = observe(bench);
    bench.output("a").publish({16, 2});
    bench.spoil<RingPage>(bench.segments.ring_path("a"), [](RingPage& page) { page.message_bytes = 0; });
    CHECK(observer.sample(0).tail_messages == 2);
  }

  TEST_CASE("a missing or damaged file is an error that names it") {
    IpcBench bench;
    const auto missing = ChannelObserver::open(bench.segments.ring_path("a"), {});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::NotFound);
    REQUIRE(bench.segments.ensure_bell("x"));
    const auto wrong = ActorObserver::open(bench.segments.bell_path("x"));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().message.find(bench.segments.bell_path("x")) != std::string::npos);
  }

  TEST_CASE("an actor's sample shows its generation, steps, activity, note and metrics") {
    IpcBench bench;
    REQUIRE(bench.segments.ensure_actor("x", {.state_bytes = 16, .state_version = 1, .metric_count = 2}));
    const ActorObserver observer = test::must(ActorObserver::open(bench.segments.actor_path("x")));
    REQUIRE(bench.segments.next_generation("x"));
    REQUIRE(bench.segments.next_generation("x"));
    const Mapping actor = bench.actor("x");
    auto& words = *actor.at<ActorWords>(kActorWordsOffset);
    words.steps.store(42);
    words.activity.store(static_cast<std::uint64_t>(Activity::WaitingForRoom));
    words.finished.store(1);
    std::uint64_t text[kNoteBytes / 8] = {};
    std::memcpy(text, "hello", 5);
    for (std::size_t i = 0; i < kNoteBytes / 8; ++i) words.note[i].store(text[i]);
    const std::uint64_t stride = actor.at<ActorPage>(0)->block_stride;
    for (const std::uint64_t buffer : {std::uint64_t{1}, std::uint64_t{2}}) {
      std::uint64_t* const metrics = actor.at<std::uint64_t>(kActorBlocksOffset + (buffer - 1) * stride + 16);
      metrics[0] = buffer * 10;
      metrics[1] = buffer * 10 + 1;
    }
    words.state_current.store(2);
    ActorSample sample = observer.sample();
    CHECK(sample.generation == 1);
    CHECK(sample.steps == 42);
    CHECK(sample.activity == Activity::WaitingForRoom);
    CHECK(sample.finished);
    CHECK(sample.note == "hello");
    CHECK(sample.metrics == std::vector<std::uint64_t>{20, 21});
    words.state_current.store(1);
    CHECK(observer.sample().metrics == std::vector<std::uint64_t>{10, 11});
    words.note_sequence.store(7);  // it died while it wrote its note
    CHECK(observer.sample().note.empty());
    words.activity.store(99);
    CHECK(observer.sample().activity == Activity::Done);
  }

  TEST_CASE("an actor's waits, steps and batches are shown, and a wait that lasts counts to its cause") {
    IpcBench bench;
    REQUIRE(bench.segments.ensure_actor("x", {.state_bytes = 16, .state_version = 1, .metric_count = 2}));
    const ActorObserver observer = test::must(ActorObserver::open(bench.segments.actor_path("x")));
    const Mapping actor = bench.actor("x");
    auto& words = *actor.at<ActorWords>(kActorWordsOffset);
    record(words.step_ns, 1000, 3);
    record(words.batch_messages, 8, 5);
    CHECK(observer.step().count == 3);
    CHECK(observer.step().mean() == doctest::Approx(1000));
    CHECK(observer.batch().count == 5);
    CHECK(observer.batch().mean() == doctest::Approx(8));
    words.waits.input_ns.store(1);
    words.waits.room_ns.store(2);
    words.waits.timer_ns.store(3);
    const auto waits = [&](Activity activity, std::uint64_t since_ns) {
      words.activity.store(static_cast<std::uint64_t>(activity));
      words.waits.since_ns.store(since_ns);
      const WaitSample sample = observer.waits(1000);
      return std::vector<std::uint64_t>{sample.input_ns, sample.room_ns, sample.timer_ns};
    };
    CHECK(waits(Activity::Running, 0) == std::vector<std::uint64_t>{1, 2, 3});
    CHECK(waits(Activity::WaitingForInput, 400) == std::vector<std::uint64_t>{601, 2, 3});
    CHECK(waits(Activity::WaitingForRoom, 400) == std::vector<std::uint64_t>{1, 602, 3});
    CHECK(waits(Activity::WaitingForTimer, 400) == std::vector<std::uint64_t>{1, 2, 603});
    CHECK(waits(Activity::WaitingForTimer, 1001) == std::vector<std::uint64_t>{1, 2, 3});  // a clock read before it began
    CHECK(waits(static_cast<Activity>(77), 400) == std::vector<std::uint64_t>{1, 2, 3});
  }

  TEST_CASE("no wild write into an actor's constants can hurt the observer") {
    for (const std::uint64_t wild : {std::uint64_t{1} << 61, kAwake, std::uint64_t{1} << 63, std::uint64_t{4095}}) {
      CAPTURE(wild);
      const std::function<void(ActorPage&)> damages[] = {
          [&](ActorPage& page) { page.metric_count = wild; },
          [&](ActorPage& page) { page.state_bytes = wild; },
          [&](ActorPage& page) { page.block_stride = wild; },
          [&](ActorPage& page) { page.state_bytes = page.block_stride = page.metric_count = wild; },
      };
      for (const auto& damage : damages) {
        IpcBench bench;
        REQUIRE(bench.segments.ensure_actor("x", {.state_bytes = 16, .state_version = 1, .metric_count = 2}));
        const ActorObserver observer = test::must(ActorObserver::open(bench.segments.actor_path("x")));
        bench.spoil<ActorPage>(bench.segments.actor_path("x"), damage);
        bench.actor("x").at<ActorWords>(kActorWordsOffset)->state_current.store(2);
        CHECK(observer.sample().metrics.size() <= 2);
      }
    }
  }
}

}  // namespace steady::ipc
