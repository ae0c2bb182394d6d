// A tap on real segments: what it shows, what it must not show, and what a broken peer does to it.
#include "ipc/tap.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "support/ipc_bench.hpp"

namespace steady::ipc {
namespace {

using test::IpcBench;
using test::must;

/// As long as the ring: nothing that was read is behind the producer's room.
constexpr RingSpec kNumbers{.capacity_bytes = 4096, .message_bytes = 8, .message_hash = 1};
constexpr RingSpec kFrames{.capacity_bytes = 4096, .message_bytes = 0, .message_hash = 2};
constexpr std::uint64_t kAll = 1 << 20;

/// Channel "a" from actor "a" to its readers; both sides are played by hand.
class Channel {
 public:
  explicit Channel(const RingSpec& spec, std::vector<std::string> readers = {"in"}) : readers_(std::move(readers)) {
    bench.add_channel("a", spec, readers_);
    must(bench.segments.ensure_actor("a", {}));
    must(bench.segments.next_generation("a"));
    segment_ = bench.actor("a");
    words().activity.store(static_cast<std::uint64_t>(Activity::Running));
  }
  [[nodiscard]] Result<Tap> open() const {
    TapPaths paths{bench.segments.ring_path("a"), {}, bench.segments.actor_path("a")};
    for (const std::string& reader : readers_) paths.readers.push_back(bench.segments.reader_path("a", reader));
    return Tap::open(paths);
  }
  /// One step that puts `count` numbers, counting on.
  void put(std::uint64_t count) {
    OutputEnd output = bench.output("a", readers_);
    std::vector<std::uint64_t> numbers(count);
    for (std::uint64_t i = 0; i < count; ++i) numbers[i] = output.position().messages + i;
    begin_step();
    output.publish(test::write_numbers(output, numbers));
    end_step();
  }
  void put_frame(const std::string& body) {
    OutputEnd output = bench.output("a", readers_);
    const std::uint32_t head[2] = {static_cast<std::uint32_t>(body.size()),
                                   static_cast<std::uint32_t>(output.position().messages)};
    begin_step();
    std::memcpy(output.begin(), head, sizeof head);
    std::memcpy(output.begin() + sizeof head, body.data(), body.size());
    output.publish({output.position().bytes + (sizeof head + body.size() + 7) / 8 * 8, output.position().messages + 1});
    end_step();
  }
  /// A step that has written so many bytes behind the tail and is not over.
  void scribble(std::uint64_t bytes) {
    OutputEnd output = bench.output("a", readers_);
    begin_step();
    std::memset(output.begin(), 0xee, bytes);
  }
  void take_all(const std::string& reader = "in") {
    InputEnd input = bench.input("a", reader);
    REQUIRE(input.refresh());
    input.publish({input.position().bytes + input.available_bytes(),
                   input.position().messages + input.available_messages()});
  }
  void begin_step() { add(words().process.begun); }
  void end_step() { add(words().process.returned); }
  ActorWords& words() { return *segment_.at<ActorWords>(kActorWordsOffset); }

  IpcBench bench;

 private:
  static void add(Word& word) { word.store(word.load() + 1); }
  std::vector<std::string> readers_;
  Mapping segment_;
};

/// The sequence numbers of a look; each message must be its own number.
std::vector<std::uint64_t> numbers(const Tap::Batch& batch) {
  std::vector<std::uint64_t> shown;
  for (const auto& message : batch.messages) {
    std::uint64_t value = 0;
    REQUIRE(message.bytes.size() == sizeof value);
    std::memcpy(&value, message.bytes.data(), sizeof value);
    CHECK(value == message.sequence);
    shown.push_back(message.sequence);
  }
  return shown;
}

std::vector<std::string> texts(const Tap::Batch& batch) {
  std::vector<std::string> shown;
  for (const auto& message : batch.messages) shown.emplace_back(message.bytes);
  return shown;
}

using Numbers = std::vector<std::uint64_t>;
using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("ipc/tap") {
  TEST_CASE("a tap begins at what waits, and goes on with what comes") {
    Channel channel(kNumbers);
    channel.put(3);
    channel.take_all();
    channel.put(2);
    Tap tap = must(channel.open());
    CHECK(numbers(tap.next(kAll)) == Numbers{3, 4});
    CHECK(tap.caught_up());
    CHECK(tap.next(kAll).messages.empty());
    channel.put(1);
    CHECK(numbers(tap.next(kAll)) == Numbers{5});
  }

  TEST_CASE("a look shows no more than it was asked for") {
    Channel channel(kNumbers);
    channel.put(5);
    Tap tap = must(channel.open());
    CHECK(numbers(tap.next(2)) == Numbers{0, 1});
    CHECK_FALSE(tap.caught_up());
    CHECK(numbers(tap.next(2)) == Numbers{2, 3});
    CHECK(numbers(tap.next(2)) == Numbers{4});
  }

  TEST_CASE("messages that were read are still shown while nobody can have overwritten them") {
    Channel channel(kNumbers);
    Tap tap = must(channel.open());
    for (std::uint64_t i = 0; i < 2000; ++i) {  // four times around the ring
      channel.put(1);
      channel.take_all();
      CHECK(numbers(tap.next(kAll)) == Numbers{i});
    }
  }

  TEST_CASE("the newest messages are shown whether they were read or not") {
    Channel channel(kNumbers);
    for (int i = 0; i < 3; ++i) {
      channel.put(300);
      channel.take_all();
    }
    Tap tap = must(channel.open());
    tap.begin_at_newest(4);
    CHECK(numbers(tap.next(kAll)) == Numbers{896, 897, 898, 899});
    tap.begin_at_newest(kAll);
    const Numbers whole = numbers(tap.next(kAll));
    CHECK(whole.size() == 512);
    CHECK(whole.front() == 388);
  }

  TEST_CASE("what a step that is not over may have overwritten is held back, and shown when it is over") {
    Channel channel(kNumbers);
    channel.put(512);
    channel.take_all();
    Tap tap = must(channel.open());
    tap.begin_at_newest(4);
    channel.begin_step();
    CHECK(tap.next(kAll).messages.empty());
    CHECK_FALSE(tap.caught_up());
    channel.end_step();
    CHECK(numbers(tap.next(kAll)) == Numbers{508, 509, 510, 511});
  }

  TEST_CASE("what a dead step has written and not published is never shown") {
    Channel channel(kNumbers);
    channel.put(512);
    channel.take_all();
    Tap tap = must(channel.open());
    tap.begin_at_newest(512);
    channel.scribble(800);
    SUBCASE("before its next generation") {}
    SUBCASE("after it") { must(channel.bench.segments.next_generation("a")); }
    for (int look = 0; look < 1000; ++look) CHECK(tap.next(kAll).messages.empty());
  }

  TEST_CASE("an old step's leavings do not spoil a tap that begins in a later generation") {
    Channel channel(kNumbers);
    channel.put(512);
    channel.take_all();
    channel.scribble(800);
    must(channel.bench.segments.next_generation("a"));
    Tap tap = must(channel.open());
    tap.begin_at_newest(512);
    for (int look = 0; look < 10; ++look) CHECK(tap.next(kAll).messages.empty());
    channel.put(2);
    CHECK(numbers(tap.next(kAll)) == Numbers{512, 513});
  }

  TEST_CASE("start() may put messages before any step is counted; they are held back until it is over") {
    Channel channel(kNumbers);
    channel.put(512);
    channel.take_all();
    Tap tap = must(channel.open());
    tap.begin_at_newest(1);
    channel.words().activity.store(static_cast<std::uint64_t>(Activity::Starting));
    CHECK(tap.next(kAll).messages.empty());
    channel.words().activity.store(static_cast<std::uint64_t>(Activity::Running));
    CHECK(numbers(tap.next(kAll)) == Numbers{511});
  }

  TEST_CASE("a tap that falls behind goes on with the newest, and says how many it has missed") {
    Channel channel(kNumbers);
    channel.put(1);
    Tap tap = must(channel.open());
    CHECK(numbers(tap.next(kAll)) == Numbers{0});
    for (int i = 0; i < 10; ++i) {
      channel.take_all();
      channel.put(500);
    }
    const auto& batch = tap.next(10);
    CHECK(numbers(batch) == Numbers{4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999, 5000});
    CHECK(batch.skipped == 4990);
  }

  TEST_CASE("with several readers the slowest one decides") {
    Channel channel(kNumbers, {"one", "two"});
    channel.put(3);
    channel.take_all("one");
    Tap tap = must(channel.open());
    CHECK(numbers(tap.next(kAll)) == Numbers{0, 1, 2});
  }

  TEST_CASE("frames come whole, around the end of the ring as well") {
    Channel channel(kFrames);
    Tap tap = must(channel.open());
    for (std::size_t i = 0; i < 500; ++i) {
      const std::string body(i % 97, static_cast<char>('a' + i % 26));
      channel.put_frame(body);
      const auto& batch = tap.next(kAll);
      CHECK(texts(batch) == Texts{body});
      CHECK(batch.messages.front().sequence == i);
      channel.take_all();
    }
  }

  TEST_CASE("a tap of frames that falls behind goes on where a frame begins") {
    Channel channel(kFrames);
    channel.put_frame("first");
    Tap tap = must(channel.open());
    CHECK(texts(tap.next(kAll)) == Texts{"first"});
    for (int i = 0; i < 100; ++i) {
      channel.take_all();
      channel.put_frame(std::string(100, 'x'));
    }
    channel.put_frame("last");
    const auto& batch = tap.next(kAll);
    CHECK(texts(batch) == Texts{std::string(100, 'x'), "last"});
    CHECK(batch.skipped == 99);
  }

  TEST_CASE("a frame whose length or number cannot be right is not shown, and the tap goes on behind it") {
    Channel channel(kFrames);
    channel.put_frame("good");
    channel.put_frame("spoiled");
    Tap tap = must(channel.open());
    {
      OutputEnd output = channel.bench.output("a");
      auto* const second = reinterpret_cast<std::uint32_t*>(output.begin() - 16);
      SUBCASE("length") { second[0] = 0x7fffffff; }
      SUBCASE("number") { second[1] = 77; }
    }
    CHECK(texts(tap.next(kAll)) == Texts{"good"});
    channel.put_frame("next");
    CHECK(texts(tap.next(kAll)) == Texts{"next"});
  }

  TEST_CASE("positions that cannot be right show nothing, and harm nobody") {
    Channel channel(kNumbers);
    channel.put(3);
    Tap tap = must(channel.open());
    CHECK(numbers(tap.next(kAll)) == Numbers{0, 1, 2});
    SUBCASE("a tail far away") {
      channel.bench.spoil<RingPage>(channel.bench.segments.ring_path("a"), [](RingPage& page) { page.tail = 1ULL << 60; });
    }
    SUBCASE("a tail within a message") {
      channel.bench.spoil<RingPage>(channel.bench.segments.ring_path("a"), [](RingPage& page) { page.tail = 29; });
    }
    SUBCASE("a tail that goes back") {
      channel.bench.spoil<RingPage>(channel.bench.segments.ring_path("a"), [](RingPage& page) { page.tail = 8; });
    }
    for (int look = 0; look < 10; ++look) CHECK(tap.next(kAll).messages.empty());
  }

  TEST_CASE("a head that goes back does not make overwritten messages believable") {
    Channel channel(kNumbers);
    channel.put(512);
    channel.take_all();
    channel.put(1);
    Tap tap = must(channel.open());
    CHECK(numbers(tap.next(kAll)) == Numbers{512});
    channel.bench.spoil<ReaderPage>(channel.bench.segments.reader_path("a", "in"), [](ReaderPage& page) { page.head = 8; });
    tap.begin_at_newest(512);
    channel.scribble(800);
    for (int look = 0; look < 1000; ++look) {
      const auto shown = numbers(tap.next(kAll));
      for (const std::uint64_t number : shown) CHECK(number == 512);
    }
  }

  TEST_CASE("a channel whose positions contradict each other is not tapped") {
    Channel channel(kNumbers);
    channel.bench.spoil<RingPage>(channel.bench.segments.ring_path("a"), [](RingPage& page) { page.tail = 1ULL << 40; });
    const auto tap = channel.open();
    REQUIRE_FALSE(tap);
    CHECK(tap.error().code == ErrorCode::Corrupt);
  }

  TEST_CASE("a tap ends when the stream is closed and all of it was shown") {
    Channel channel(kNumbers);
    channel.put(2);
    Tap tap = must(channel.open());
    channel.bench.output("a").set_closed(true);
    CHECK(tap.end() == Tap::End::None);
    CHECK(numbers(tap.next(1)) == Numbers{0});
    CHECK(tap.end() == Tap::End::None);
    CHECK(numbers(tap.next(1)) == Numbers{1});
    CHECK(tap.end() == Tap::End::Closed);
  }

  TEST_CASE("a tap ends when another ring takes the place of its own") {
    Channel channel(kNumbers);
    Tap tap = must(channel.open());
    CHECK(tap.end() == Tap::End::None);
    channel.bench.segments.remove_channels({"a"});
    CHECK(tap.end() == Tap::End::Replaced);
    channel.bench.add_channel("a", kNumbers);
    CHECK(tap.end() == Tap::End::Replaced);
  }
}

}  // namespace steady::ipc
