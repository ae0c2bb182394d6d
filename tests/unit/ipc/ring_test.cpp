#include "ipc/ring.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <numeric>
#include <vector>

#include "support/ipc_bench.hpp"

namespace steady::ipc {
namespace {

using test::IpcBench;
using test::read_numbers;
using test::write_numbers;

using Numbers = std::vector<std::uint64_t>;

constexpr RingSpec kNumbers{.capacity_bytes = 64, .message_bytes = 8, .message_hash = 1};
constexpr RingSpec kFrames{.capacity_bytes = 4096, .message_bytes = 0, .message_hash = 2};

Numbers count_from(std::uint64_t first, std::size_t count) {
  Numbers numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

void put(OutputEnd& output, const Numbers& numbers) {
  output.publish(write_numbers(output, numbers));
}

Numbers take(InputEnd& input, std::size_t count) {
  Numbers numbers = read_numbers(input);
  numbers.resize(count);
  input.publish({input.position().bytes + count * 8, input.position().messages + count});
  return numbers;
}

}  // namespace

TEST_SUITE("ipc/ring") {
  TEST_CASE("what is published is read, in order, and not again") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    CHECK(input.refresh());
    CHECK(input.available_messages() == 0);
    put(output, {1, 2, 3});
    REQUIRE(input.refresh());
    CHECK(take(input, 2) == Numbers{1, 2});
    CHECK(input.available_messages() == 1);
    CHECK(take(input, 1) == Numbers{3});
    REQUIRE(input.refresh());
    CHECK(input.available_messages() == 0);
  }

  TEST_CASE("a window bounds what is in flight, also when it is changed, and never counts more room than there is") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 64);
    output.set_window(24);
    CHECK(output.vacant_bytes() == 24);
    put(output, {0, 1, 2});
    CHECK(output.vacant_bytes() == 0);
    output.set_window(8);  // less than is in flight
    CHECK(output.vacant_bytes() == 0);
    REQUIRE(input.refresh());
    CHECK(take(input, 2) == Numbers{0, 1});
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 0);
    CHECK_FALSE(output.fits(8));
    CHECK(take(input, 1) == Numbers{2});
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 8);
    output.set_window(1000);  // more than the ring holds
    CHECK(output.window_bytes() == 64);
    CHECK(output.vacant_bytes() == 64);
  }

  TEST_CASE("one message that is longer than the window fits when nothing else is in flight") {
    IpcBench bench;
    bench.add_channel("a", kFrames);
    OutputEnd output = bench.output("a");
    output.set_window(64);
    CHECK_FALSE(output.fits(72));  // nobody has looked yet
    REQUIRE(output.refresh());
    CHECK(output.fits(72));
    CHECK(output.fits(4096));
    CHECK_FALSE(output.fits(4104));
    output.publish({16, 1});
    CHECK(output.fits(48));
    CHECK_FALSE(output.fits(56));
  }

  TEST_CASE("ends that are mapped in advance leave everything as it is, and begin where their last owner stood") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    output.set_wake_at(8);
    input.set_wake_at(16);
    const auto bytes_of = [](const std::string& path) { return test::must(read_file(path, 1 << 20)); };
    const std::string ring_path = bench.segments.ring_path("a");
    const std::string page_path = bench.segments.reader_path("a", "in");
    const std::string ring_before = bytes_of(ring_path);
    const std::string page_before = bytes_of(page_path);
    const UniqueFd ring = IpcBench::open(ring_path, O_RDWR);
    const UniqueFd page = IpcBench::open(page_path, O_RDWR);
    const UniqueFd bell = IpcBench::open(bench.segments.bell_path("a"), O_RDWR);
    InputEnd next_input = test::must(InputEnd::map(ring.get(), page.get(), bell.get()));
    OutputEnd next_output = test::must(OutputEnd::map(ring.get(), {{page.get(), bell.get()}}));
    next_input.enter_pages();
    next_output.enter_pages();
    CHECK(bytes_of(ring_path) == ring_before);
    CHECK(bytes_of(page_path) == page_before);

    put(output, {1, 2, 3});
    REQUIRE(input.refresh());
    take(input, 1);
    test::must(next_output.begin_at_last());
    test::must(next_input.begin_at_last());
    CHECK(next_output.position().messages == 3);
    CHECK(next_input.position().messages == 1);
    REQUIRE(next_input.refresh());
    CHECK(take(next_input, 2) == Numbers{2, 3});
    REQUIRE(next_output.refresh());
    put(next_output, {4});
    REQUIRE(next_input.refresh());
    CHECK(take(next_input, 1) == Numbers{4});
  }

  TEST_CASE("what is written but not published does not exist") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    write_numbers(output, Numbers{1, 2, 3});
    REQUIRE(input.refresh());
    CHECK(input.available_messages() == 0);
    CHECK(bench.output("a").position().bytes == 0);
  }

  TEST_CASE("a full ring has no room until its reader has taken something") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    CHECK(output.vacant_bytes() == 0);  // nothing is promised before the first look
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 64);
    put(output, count_from(0, 8));
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 0);
    REQUIRE(input.refresh());
    take(input, 3);
    CHECK(output.vacant_bytes() == 0);
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 24);
  }

  TEST_CASE("a batch across the end of the data area is one contiguous span on both sides") {
    IpcBench bench;
    constexpr std::uint64_t kMessages = kPage / 8;
    bench.add_channel("a", {.capacity_bytes = kPage, .message_bytes = 8, .message_hash = 1});
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    std::uint64_t written = 0;
    std::uint64_t read = 0;
    const std::size_t sizes[] = {1, 511, 512, 300, 7, 512, 100, 411, 499};
    for (int round = 0; round < 40; ++round)
      for (const std::size_t size : sizes) {
        REQUIRE(output.refresh());
        REQUIRE(output.vacant_bytes() == kMessages * 8);
        put(output, count_from(written, size));
        written += size;
        REQUIRE(input.refresh());
        REQUIRE(take(input, size) == count_from(read, size));
        read += size;
      }
    CHECK(input.position().messages == written);
  }

  TEST_CASE("a message size that does not divide the data area wraps too") {
    IpcBench bench;
    struct Message {
      std::uint64_t words[3];
    };
    bench.add_channel("a", {.capacity_bytes = 170 * 24, .message_bytes = 24, .message_hash = 1});
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    for (std::uint64_t i = 0; i < 2000; ++i) {
      REQUIRE(output.refresh());
      const Message message{{i, i + 1, i + 2}};
      std::memcpy(output.begin(), &message, sizeof message);
      output.publish({output.position().bytes + 24, output.position().messages + 1});
      REQUIRE(input.refresh());
      Message seen{};
      std::memcpy(&seen, input.begin(), sizeof seen);
      REQUIRE(seen.words[0] == i);
      REQUIRE(seen.words[2] == i + 2);
      input.publish({input.position().bytes + 24, input.position().messages + 1});
    }
  }

  TEST_CASE("the producer of a broadcast waits for the slowest reader") {
    IpcBench bench;
    const std::vector<std::string> readers{"fast", "slow", "middle"};
    bench.add_channel("a", kNumbers, readers);
    OutputEnd output = bench.output("a", readers);
    InputEnd fast = bench.input("a", "fast");
    InputEnd slow = bench.input("a", "slow");
    InputEnd middle = bench.input("a", "middle");
    put(output, count_from(0, 8));
    for (InputEnd* const input : {&fast, &slow, &middle}) REQUIRE(input->refresh());
    take(fast, 8);
    take(middle, 5);
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 0);
    CHECK(take(slow, 2) == Numbers{0, 1});
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 16);
    CHECK(output.slowest() == 16);
    CHECK(take(slow, 6) == count_from(2, 6));
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 40);
  }

  TEST_CASE("a channel without readers never fills up") {
    IpcBench bench;
    bench.add_channel("a", kNumbers, {});
    OutputEnd output = bench.output("a", {});
    for (int round = 0; round < 1000; ++round) {
      REQUIRE(output.refresh());
      REQUIRE(output.vacant_bytes() == 64);
      put(output, count_from(0, 8));
    }
  }

  TEST_CASE("closing is seen after the last message, survives both ends and can be taken back") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    {
      OutputEnd output = bench.output("a");
      put(output, {7});
      output.set_closed(true);
    }
    InputEnd input = bench.input("a");
    CHECK(input.closed());
    REQUIRE(input.refresh());
    CHECK(take(input, 1) == Numbers{7});
    bench.output("a").set_closed(false);
    CHECK_FALSE(input.closed());
  }

  TEST_CASE("closing rings every reader, asleep or not") {
    IpcBench bench;
    const std::vector<std::string> readers{"one", "two"};
    bench.add_channel("a", kNumbers, readers);
    OutputEnd output = bench.output("a", readers);
    output.set_closed(true);
    CHECK(bench.bell("one").count() == 1);
    CHECK(bench.bell("two").count() == 1);
  }

  TEST_CASE("positions that a producer cannot have are refused and change nothing") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    put(output, {1, 2, 3, 4});
    REQUIRE(input.refresh());
    take(input, 2);
    for (const std::uint64_t tail :
         {std::uint64_t{8}, std::uint64_t{88}, std::uint64_t{33}, kAwake, std::uint64_t{1} << 63}) {
      CAPTURE(tail);
      bench.spoil<RingPage>(bench.segments.ring_path("a"), [&](RingPage& page) { page.tail.store(tail); });
      CHECK_FALSE(input.refresh());
      CHECK(input.available_messages() == 2);
      CHECK(read_numbers(input) == Numbers{3, 4});
    }
  }

  TEST_CASE("a count of frames that their bytes cannot hold is refused") {
    IpcBench bench;
    bench.add_channel("a", kFrames);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    output.publish({64, 2});
    REQUIRE(input.refresh());
    for (const std::uint64_t messages : {std::uint64_t{65}, kAwake}) {
      bench.spoil<RingPage>(bench.segments.ring_path("a"), [&](RingPage& page) { page.tail_messages.store(messages); });
      CHECK_FALSE(input.refresh());
      CHECK(input.available_messages() == 2);
    }
  }

  TEST_CASE("positions that a reader cannot have are refused and give no room") {
    IpcBench bench;
    const std::vector<std::string> readers{"good", "bad"};
    bench.add_channel("a", kNumbers, readers);
    OutputEnd output = bench.output("a", readers);
    put(output, count_from(0, 8));
    REQUIRE(output.refresh());
    for (const std::uint64_t head : {std::uint64_t{65}, std::uint64_t{128}, kAwake}) {
      CAPTURE(head);
      bench.spoil<ReaderPage>(bench.segments.reader_path("a", "bad"), [&](ReaderPage& page) { page.head.store(head); });
      CHECK_FALSE(output.refresh());
      CHECK(output.vacant_bytes() == 0);
    }
  }

  TEST_CASE("what a ring says of its own size is taken once: a later change does not move its ends") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    bench.spoil<RingPage>(bench.segments.ring_path("a"), [](RingPage& page) {
      page.ring_bytes = 1ULL << 40;
      page.capacity_bytes = 1ULL << 40;
      page.message_bytes = 0;
    });
    put(output, {1});
    REQUIRE(input.refresh());
    CHECK(input.available_messages() == 1);
    REQUIRE(output.refresh());
    CHECK(output.vacant_bytes() == 56);
  }

  TEST_CASE("an end refuses a ring whose constants contradict each other") {
    const std::function<void(RingPage&)> damages[] = {
        [](RingPage& page) { page.ring_bytes *= 2; },
        [](RingPage& page) { page.ring_bytes = 0; },
        [](RingPage& page) { page.capacity_bytes = 0; },
        [](RingPage& page) { page.capacity_bytes = page.ring_bytes + 8; },
        [](RingPage& page) { page.capacity_bytes = 60; },
        [](RingPage& page) { page.header.incarnation ^= 1; },
        [](RingPage& page) { page.header.kind = SegmentKind::Bell; },
        [](RingPage& page) { page.header.layout_version += 1; },
    };
    for (const auto& damage : damages) {
      IpcBench bench;
      bench.add_channel("a", kNumbers);
      bench.spoil<RingPage>(bench.segments.ring_path("a"), damage);
      CHECK_THROWS(bench.input("a"));
      CHECK_THROWS(bench.output("a"));
    }
  }

  TEST_CASE("a new generation of either end goes on where the old one was") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    {
      OutputEnd output = bench.output("a");
      InputEnd input = bench.input("a");
      put(output, {1, 2, 3});
      REQUIRE(input.refresh());
      take(input, 1);
    }
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    CHECK(output.position().messages == 3);
    put(output, {4});
    REQUIRE(input.refresh());
    CHECK(input.position().messages == 1);
    CHECK(take(input, 3) == Numbers{2, 3, 4});
  }

  TEST_CASE("a producer that died between a position and its count goes on with the right sequence number") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    {
      OutputEnd output = bench.output("a");
      put(output, {1, 2, 3});
    }
    bench.spoil<RingPage>(bench.segments.ring_path("a"), [](RingPage& page) { page.tail_messages.store(1); });
    CHECK(bench.output("a").position().messages == 3);
    bench.add_channel("a", kNumbers, {"in", "late"});
    CHECK(bench.input("a", "late").position().messages == 3);
  }

  TEST_CASE("a reader that died between a count and its position gets every message once") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    OutputEnd output = bench.output("a");
    put(output, {1, 2, 3});
    bench.spoil<ReaderPage>(bench.segments.reader_path("a", "in"),
                            [](ReaderPage& page) { page.head_messages.store(2); });
    InputEnd input = bench.input("a");
    REQUIRE(input.refresh());
    CHECK(input.position().messages == 0);
    CHECK(take(input, 3) == Numbers{1, 2, 3});
    CHECK(input.available_bytes() == 0);
  }

  TEST_CASE("frames count as one each, however long") {
    IpcBench bench;
    bench.add_channel("a", kFrames);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    for (std::uint64_t round = 0; round < 1000; ++round) {
      REQUIRE(output.refresh());
      const std::uint64_t bytes = 8 + round % 500 * 8;
      std::memset(output.begin(), static_cast<int>(round % 251), bytes);
      output.publish({output.position().bytes + bytes, output.position().messages + 1});
      REQUIRE(input.refresh());
      REQUIRE(input.available_messages() == 1);
      REQUIRE(input.available_bytes() == bytes);
      REQUIRE(input.begin()[bytes - 1] == round % 251);
      input.publish({input.position().bytes + bytes, input.position().messages + 1});
    }
  }

  TEST_CASE("a sleeper is rung once for what it waits for, and not before") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    const Bell bell = bench.bell("in");
    const auto publish_one = [&] {
      put(output, {1});
      publisher_fence(FenceMode::Full);
      output.wake_peers();
    };
    publish_one();
    CHECK(bell.count() == 0);  // it does not sleep
    input.set_wake_at(24);
    publish_one();
    CHECK(bell.count() == 0);  // it sleeps for more
    publish_one();
    CHECK(bell.count() == 1);
    publish_one();
    CHECK(bell.count() == 1);  // it is on its way
    input.set_wake_at(kAwake);
    publish_one();
    CHECK(bell.count() == 1);
    input.set_wake_at(48);
    publish_one();
    CHECK(bell.count() == 2);
  }

  TEST_CASE("a reader that saw a frame's bytes before its count is rung when the count comes") {
    IpcBench bench;
    bench.add_channel("a", kFrames);
    OutputEnd output = bench.output("a");
    InputEnd input = bench.input("a");
    bench.spoil<RingPage>(bench.segments.ring_path("a"),
                          [](RingPage& page) { page.tail.store(16); });  // half of publish()
    REQUIRE(input.refresh());
    REQUIRE(input.available_messages() == 0);
    const std::uint64_t target = input.target_for(1);
    input.set_wake_at(target);
    REQUIRE(input.refresh());
    CHECK_FALSE(input.reached(target));  // so it sleeps
    output.publish({16, 1});
    output.wake_peers();
    CHECK(bench.bell("in").count() == 1);
    REQUIRE(input.refresh());
    CHECK(input.reached(target));
  }

  TEST_CASE("a producer that sleeps for room is rung by each reader that makes it") {
    IpcBench bench;
    const std::vector<std::string> readers{"one", "two"};
    bench.add_channel("a", kNumbers, readers);
    OutputEnd output = bench.output("a", readers);
    put(output, count_from(0, 8));
    output.set_wake_at(32);
    InputEnd one = bench.input("a", "one");
    InputEnd two = bench.input("a", "two");
    for (InputEnd* const input : {&one, &two}) {
      REQUIRE(input->refresh());
      take(*input, 3);
      input->wake_peers();
    }
    CHECK(bench.bell("a").count() == 0);
    take(one, 1);
    one.wake_peers();
    CHECK(bench.bell("a").count() == 1);
    take(two, 2);
    two.wake_peers();
    CHECK(bench.bell("a").count() == 2);
  }

  TEST_CASE("an end that is mapped anew does not sleep, whatever its dead owner said") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    {
      bench.input("a").set_wake_at(8);
      OutputEnd output = bench.output("a");
      output.set_wake_at(8);
      output.note_blocked(77);
    }
    InputEnd input = bench.input("a");
    OutputEnd output = bench.output("a");
    bench.spoil<RingPage>(bench.segments.ring_path("a"), [](RingPage& page) {
      CHECK(page.wake_at.load() == kAwake);
      CHECK(page.blocked_since_ns.load() == 0);
    });
    bench.spoil<ReaderPage>(bench.segments.reader_path("a", "in"),
                            [](ReaderPage& page) { CHECK(page.wake_at.load() == kAwake); });
  }
}

}  // namespace steady::ipc
