#include "ipc/peek.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "support/ipc_bench.hpp"

namespace steady::ipc {
namespace {

using test::IpcBench;
using test::must;

constexpr RingSpec kNumbers{.capacity_bytes = 64, .message_bytes = 8, .message_hash = 11};
constexpr RingSpec kFrames{.capacity_bytes = 4096, .message_bytes = 0, .message_hash = 12};
constexpr std::uint64_t kAll = 1 << 20;

/// One channel "a" with the reader "in", and a look at it.
struct Channel {
  explicit Channel(const RingSpec& spec) { bench.add_channel("a", spec); }

  void put_numbers(const std::vector<std::uint64_t>& numbers) {
    OutputEnd output = bench.output("a");
    output.publish(test::write_numbers(output, numbers));
  }
  void put_frame(const std::string& body) {
    OutputEnd output = bench.output("a");
    const std::uint32_t head[2] = {static_cast<std::uint32_t>(body.size()),
                                   static_cast<std::uint32_t>(output.position().messages)};
    std::memcpy(output.begin(), head, sizeof head);
    std::memcpy(output.begin() + sizeof head, body.data(), body.size());
    output.publish({output.position().bytes + (sizeof head + body.size() + 7) / 8 * 8, output.position().messages + 1});
  }
  void take(std::uint64_t bytes, std::uint64_t messages) {
    InputEnd input = bench.input("a");
    input.publish({input.position().bytes + bytes, input.position().messages + messages});
  }
  /// Both sides at the same place, with nothing between them.
  void begin_at(std::uint64_t bytes, std::uint64_t messages) {
    bench.output("a").publish({bytes, messages});
    bench.input("a").publish({bytes, messages});
  }
  void spoil_ring(const std::function<void(RingPage&)>& change) { bench.spoil<RingPage>(ring, change); }
  void spoil_reader(const std::function<void(ReaderPage&)>& change) { bench.spoil<ReaderPage>(reader, change); }

  [[nodiscard]] Result<Peeked> look(std::uint64_t most_bytes = kAll) const { return peek(ring, reader, most_bytes); }
  [[nodiscard]] ErrorCode refusal() const {
    const auto peeked = look();
    REQUIRE_FALSE(peeked);
    return peeked.error().code;
  }

  IpcBench bench;
  std::string ring = bench.segments.ring_path("a");
  std::string reader = bench.segments.reader_path("a", "in");
};

std::string number(std::uint64_t value) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &value, 8);
  return bytes;
}

}  // namespace

TEST_SUITE("ipc/peek") {
  TEST_CASE("an empty channel has nothing to show, before the first message and after the last") {
    for (const RingSpec& spec : {kNumbers, kFrames}) {
      Channel channel(spec);
      CHECK(channel.refusal() == ErrorCode::NotFound);
      channel.begin_at(48, 2);
      CHECK(channel.refusal() == ErrorCode::NotFound);
    }
  }

  TEST_CASE("files that are missing are not found") {
    Channel channel(kNumbers);
    channel.put_numbers({1});
    ::unlink(channel.reader.c_str());
    CHECK(channel.refusal() == ErrorCode::NotFound);
    CHECK(peek("/nowhere/ring", "/nowhere/reader", kAll).error().code == ErrorCode::NotFound);
  }

  TEST_CASE("a reader that claims more or less than there can be is a contradiction") {
    for (const RingSpec& spec : {kNumbers, kFrames}) {
      Channel channel(spec);
      channel.begin_at(48, 2);
      channel.spoil_reader([](ReaderPage& page) { page.head.store(56); });  // ahead of the tail
      CHECK(channel.refusal() == ErrorCode::Corrupt);
      channel.spoil_reader([](ReaderPage& page) { page.head.store(48); });
      channel.spoil_ring([](RingPage& page) { page.tail.store(48 + page.ring_bytes + 8); });
      CHECK(channel.refusal() == ErrorCode::Corrupt);
      channel.spoil_ring([](RingPage& page) { page.tail.store(40); });  // behind the head
      CHECK(channel.refusal() == ErrorCode::Corrupt);
    }
  }

  TEST_CASE("a reader's page of another ring is a contradiction") {
    Channel channel(kNumbers);
    channel.put_numbers({1});
    channel.spoil_reader([](ReaderPage& page) { ++page.ring_incarnation; });
    CHECK(channel.refusal() == ErrorCode::Corrupt);
  }

  TEST_CASE("a frame that says it is longer than what is there is refused, by one byte or by far") {
    Channel channel(kFrames);
    channel.put_frame("12345678");
    const auto claim = [&](std::uint32_t length) {
      const UniqueFd fd = IpcBench::open(channel.ring, O_RDWR);
      REQUIRE(::pwrite(fd.get(), &length, sizeof length, kPage) == sizeof length);
    };
    for (const std::uint32_t length : {9U, 16U, 4096U, 0x7fff'ffffU, 0xffff'fff8U, 0xffff'ffffU}) {
      claim(length);
      CHECK(channel.refusal() == ErrorCode::Corrupt);
    }
    claim(8);
    CHECK(must(channel.look()).payload == "12345678");
  }

  TEST_CASE("what ends within a frame's head or within a message is refused") {
    Channel frames(kFrames);
    frames.put_frame("12345678");
    for (const std::uint64_t bytes : {1U, 7U, 8U, 15U}) {
      frames.spoil_ring([&](RingPage& page) { page.tail.store(bytes); });
      CHECK(frames.refusal() == ErrorCode::Corrupt);
    }
    Channel numbers(kNumbers);
    for (const std::uint64_t bytes : {1U, 7U}) {
      numbers.spoil_ring([&](RingPage& page) { page.tail.store(bytes); });
      CHECK(numbers.refusal() == ErrorCode::Corrupt);
    }
  }

  TEST_CASE("whichever word of the two pages holds whatever, a look ends with a message that was there or an error") {
    const std::uint64_t hostile[] = {0,    1,          7,           8,          4095,        4096,
                                     4097, 1ULL << 31, 1ULL << 32, 1ULL << 62, 1ULL << 63, ~7ULL, ~0ULL};
    for (const RingSpec& spec : {kNumbers, kFrames}) {
      Channel channel(spec);
      channel.begin_at(4080, 3);
      if (spec.message_bytes != 0) {
        channel.put_numbers({1, 2});
      } else {
        channel.put_frame("around the end of the data area");
      }
      for (const std::string& path : {channel.ring, channel.reader}) {
        const UniqueFd fd = IpcBench::open(path, O_RDWR);
        for (off_t offset = 0; offset < static_cast<off_t>(kPage); offset += 8) {
          std::uint64_t before = 0;
          REQUIRE(::pread(fd.get(), &before, 8, offset) == 8);
          for (const std::uint64_t value : hostile) {
            CAPTURE(offset);
            CAPTURE(value);
            REQUIRE(::pwrite(fd.get(), &value, 8, offset) == 8);
            const auto peeked = channel.look();
            if (peeked) REQUIRE(peeked->payload.size() <= 4096);
            if (peeked) REQUIRE(peeked->payload.size() == peeked->length);
          }
          REQUIRE(::pwrite(fd.get(), &before, 8, offset) == 8);
        }
      }
      CHECK(channel.look());
    }
  }

  TEST_CASE("a file that is cut short is refused, however short") {
    Channel channel(kNumbers);
    channel.put_numbers({1});
    for (const off_t length : {off_t{4096 + 4095}, off_t{4097}, off_t{4096}, off_t{100}, off_t{0}}) {
      REQUIRE(::truncate(channel.ring.c_str(), length) == 0);
      CHECK_FALSE(channel.look());
    }
  }

  TEST_CASE("the next message of one size is shown with its number, and a look takes nothing") {
    Channel channel(kNumbers);
    channel.put_numbers({41, 42, 43});
    channel.take(8, 1);
    for (int look = 0; look < 2; ++look) {
      const Peeked peeked = must(channel.look());
      CHECK_FALSE(peeked.frame);
      CHECK(peeked.sequence == 1);
      CHECK(peeked.length == 8);
      CHECK(peeked.payload == number(42));
      CHECK(peeked.message_hash == 11);
      CHECK(peeked.reader_incarnation == channel.bench.input("a").incarnation());
      CHECK(peeked.ring_incarnation == channel.bench.output("a").incarnation());
    }
  }

  TEST_CASE("the number of a message follows from its bytes, not from a count that a kill left behind") {
    Channel channel(kNumbers);
    channel.put_numbers({41, 42, 43});
    channel.take(16, 2);
    channel.spoil_reader([](ReaderPage& page) { page.head_messages.store(1); });
    CHECK(must(channel.look()).sequence == 2);
  }

  TEST_CASE("the next frame is shown without its head and without its padding") {
    Channel channel(kFrames);
    channel.put_frame("first");
    channel.put_frame("");
    channel.put_frame("third, longer");
    CHECK(must(channel.look()).payload == "first");
    CHECK(must(channel.look()).frame);
    channel.take(16, 1);
    const Peeked empty = must(channel.look());
    CHECK(empty.length == 0);
    CHECK(empty.payload.empty());
    channel.take(8, 1);
    const Peeked third = must(channel.look());
    CHECK(third.sequence == 2);
    CHECK(third.payload == "third, longer");
    CHECK(third.message_hash == 12);
  }

  TEST_CASE("a frame around the end of the data area is shown whole, wherever it is cut in two") {
    const std::string body = "0123456789abcdefghijklmno";
    for (std::uint64_t before_end = 8; before_end <= 48; before_end += 8) {
      Channel channel(kFrames);
      channel.begin_at(4096 - before_end, 5);
      channel.put_frame(body);
      const Peeked peeked = must(channel.look());
      CAPTURE(before_end);
      CHECK(peeked.payload == body);
      CHECK(peeked.sequence == 5);
    }
  }

  TEST_CASE("a message around the end of the data area is shown whole") {
    Channel channel({.capacity_bytes = 48, .message_bytes = 24, .message_hash = 1});
    channel.begin_at(4080, 170);  // 16 bytes before the end
    OutputEnd output = channel.bench.output("a");
    const std::string body = "exactly 24 bytes of data";
    std::memcpy(output.begin(), body.data(), 24);
    output.publish({4104, 171});
    CHECK(must(channel.look()).payload == body);
  }

  TEST_CASE("positions may be as large as they like") {
    Channel channel(kFrames);
    const std::uint64_t far = ~0ULL - 23;  // the tail wraps around to 8
    channel.begin_at(far, 9);
    channel.put_frame("far away, indeed");
    CHECK(must(channel.look()).payload == "far away, indeed");
  }

  TEST_CASE("no more than the wanted bytes are read, and the length still tells all of them") {
    Channel numbers(kNumbers);
    numbers.put_numbers({0x0807'0605'0403'0201});
    for (std::uint64_t most = 0; most <= 9; ++most) {
      const Peeked peeked = must(numbers.look(most));
      CHECK(peeked.payload == number(0x0807'0605'0403'0201).substr(0, most));
      CHECK(peeked.length == 8);
    }
    Channel frames(kFrames);
    frames.put_frame("0123456789");
    CHECK(must(frames.look(4)).payload == "0123");
    CHECK(must(frames.look(4)).length == 10);
    CHECK(must(frames.look(0)).payload.empty());
  }
}

}  // namespace steady::ipc
