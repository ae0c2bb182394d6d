#include "ipc/marks.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "ipc/histogram.hpp"
#include "ipc/observer.hpp"
#include "support/ipc_bench.hpp"

namespace steady::ipc {
namespace {

using test::IpcBench;

constexpr std::uint64_t kCapacity = 1 << 16;
constexpr RingSpec kNumbers{.capacity_bytes = kCapacity, .message_bytes = 8, .message_hash = 1};

/// One producer with its marks, as the worker drives them.
struct Producer {
  explicit Producer(const IpcBench& bench, const std::vector<std::string>& readers = {"in"})
      : end(bench.output("a", readers)), marks(end.mark_maker()) {}
  /// A measured step that puts so many messages and is published at once.
  void step(std::uint64_t messages, std::uint64_t now_ns) {
    mark(messages, now_ns);
    publish(messages);
  }
  void mark(std::uint64_t messages, std::uint64_t now_ns) {
    const Position at = end.position();
    marks.make(at, {at.bytes + messages * 8, at.messages + messages}, now_ns);
  }
  void publish(std::uint64_t messages) {
    end.publish({end.position().bytes + messages * 8, end.position().messages + messages});
  }
  OutputEnd end;
  MarkMaker marks;
};

struct Reader {
  explicit Reader(IpcBench& bench, const std::string& name = "in")
      : end(bench.input("a", name)),
        marks(end.mark_reader()),
        observer(test::must(
            ChannelObserver::open(bench.segments.ring_path("a"), {bench.segments.reader_path("a", name)}))) {}
  /// A commit that takes so many messages.
  void take(std::uint64_t messages, std::uint64_t now_ns) {
    REQUIRE(end.refresh());
    REQUIRE(end.available_messages() >= messages);
    end.publish({end.position().bytes + messages * 8, end.position().messages + messages});
    pass(now_ns);
  }
  void pass(std::uint64_t now_ns) {
    const std::uint64_t head = end.position().messages;
    marks.pass(head, head + end.available_messages(), [&] {
      ++clock_reads;
      return now_ns;
    });
  }
  [[nodiscard]] Histogram latency() const { return observer.latency(0); }
  [[nodiscard]] std::uint64_t oldest_ns() const { return observer.oldest_mark_ns(0); }

  InputEnd end;
  MarkReader marks;
  ChannelObserver observer;
  int clock_reads = 0;
};

struct Bench : IpcBench {
  explicit Bench(const std::vector<std::string>& readers = {"in"}) { add_channel("a", kNumbers, readers); }
};

void spoil_ring(const IpcBench& bench, const std::function<void(RingPage&)>& change) {
  bench.spoil<RingPage>(bench.segments.ring_path("a"), change);
}

}  // namespace

TEST_SUITE("ipc/marks") {
  TEST_CASE("the reader learns the age of the marked message, which stands for all since the last mark") {
    Bench bench;
    Producer producer(bench);
    Reader reader(bench);
    producer.publish(4);
    producer.step(6, 1000);
    reader.take(10, 4000);
    const Histogram latency = reader.latency();
    CHECK(latency.count == 10);
    CHECK(latency.mean() == doctest::Approx(3000));
    producer.step(1, 5000);
    reader.take(1, 5010);
    CHECK(reader.latency().count == 11);
    CHECK(reader.latency().sum == doctest::Approx(30'010));
  }

  TEST_CASE("a mark is passed by the commit that takes its message, not before, and costs one look at the clock") {
    Bench bench;
    Producer producer(bench);
    Reader reader(bench);
    producer.publish(3);
    producer.step(1, 1000);  // on message 3
    producer.publish(2);
    reader.take(3, 2000);
    CHECK(reader.latency().count == 0);
    CHECK(reader.clock_reads == 0);
    reader.take(1, 3000);
    CHECK(reader.latency().count == 4);
    CHECK(reader.latency().mean() == doctest::Approx(2000));
    reader.take(2, 9000);
    CHECK(reader.clock_reads == 1);
  }

  TEST_CASE("each message of a step is marked about equally often") {
    Bench bench;
    Producer producer(bench);
    Reader reader(bench);
    std::vector<int> hits(8);
    for (int round = 0; round < 4000; ++round) {
      producer.step(8, 1);
      spoil_ring(bench, [&](RingPage& page) {
        ++hits.at(page.marks[(page.marks_made.load() - 1) % kMarks].message.load() % 8);
      });
      reader.take(8, 2);
    }
    for (const int count : hits) {
      CHECK(count > 400);
      CHECK(count < 600);
    }
  }

  TEST_CASE("slots are used again and again, and every mark is told its own time") {
    Bench bench;
    Producer producer(bench);
    Reader reader(bench);
    double sum = 0;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
      for (std::uint64_t k = 0; k < i % 7; ++k) {
        producer.step(2, i * 100'000);
        sum += static_cast<double>(2 * i);
      }
      reader.take(i % 7 * 2, i * 100'000 + i);
    }
    CHECK(reader.latency().sum == doctest::Approx(sum));
  }

  TEST_CASE("marks reach along a full ring, and a step without one adds to the weight of the next") {
    Bench bench;
    Producer producer(bench);
    Reader reader(bench);
    const std::uint64_t capacity = kCapacity / 8;
    for (std::uint64_t i = 0; i < capacity; ++i) producer.step(1, 1'000'000 + i);
    // The reader takes them at the pace at which they came, a ring's length later: all are of one age.
    for (std::uint64_t i = 0; i < 5 * capacity; ++i) {
      reader.take(1, 2'000'000 + i);
      producer.step(1, 1'000'000 + capacity + i);
    }
    const Histogram latency = reader.latency();
    CHECK(latency.count > 5 * capacity - capacity / 32 - 1);
    CHECK(latency.mean() == doctest::Approx(1'000'000));
    // And all at once: the ages are spread evenly.
    reader.take(capacity, 1'000'000 + 6 * capacity);
    const Histogram rest = reader.latency().since(latency);
    CHECK(rest.count > capacity - capacity / 16);
    CHECK(rest.mean() == doctest::Approx(capacity / 2).epsilon(0.05));
    CHECK(rest.percentile(90) == doctest::Approx(0.9 * capacity).epsilon(0.125));
  }

  TEST_CASE("without a free slot no mark is made") {
    Bench bench;
    Reader reader(bench);
    for (std::uint64_t i = 0; i < 2 * kMarks; ++i) Producer(bench).mark(300, 1000);  // generations that die
    spoil_ring(bench, [](RingPage& page) { CHECK(page.marks_made.load() == kMarks); });
    Producer producer(bench);
    producer.step(300, 2000);
    reader.take(300, 2500);
    CHECK(reader.latency().count == 0);
    producer.step(300, 3000);
    reader.take(300, 3500);
    CHECK(reader.latency().count == 600);
    CHECK(reader.latency().mean() == doctest::Approx(500));
  }

  TEST_CASE("the slots of a broadcast wait for its slowest reader, and each reader has its own ages") {
    const std::vector<std::string> names{"slow", "fast"};
    Bench bench(names);
    Producer producer(bench, names);
    Reader fast(bench, "fast");
    Reader slow(bench, "slow");
    for (std::uint64_t i = 0; i < 2 * kMarks; ++i) {
      producer.step(1, 1000);
      fast.take(1, 1100);
    }
    CHECK(fast.latency().count == kMarks / 2);
    slow.take(2 * kMarks, 5000);
    CHECK(slow.latency().count == kMarks / 2);
    CHECK(slow.latency().mean() == doctest::Approx(4000));
    producer.step(1, 6000);
    fast.take(1, 6100);
    slow.take(1, 6000);
    CHECK(fast.latency().count == 2 * kMarks + 1);
    CHECK(fast.latency().mean() == doctest::Approx(100));
    CHECK(slow.latency().count == 2 * kMarks + 1);
  }

  TEST_CASE("a mark that the producer did not live to publish is void, and holds up none after it") {
    Bench bench;
    Reader reader(bench);
    {
      Producer dead(bench);
      dead.step(2, 500);
      dead.mark(100, 1000);
    }
    Producer producer(bench);
    CHECK(reader.oldest_ns() == 500);
    producer.step(1, 90'000);
    producer.publish(200);
    reader.take(3, 91'000);
    CHECK(reader.latency().count == 3);
    CHECK(reader.latency().sum == doctest::Approx(2 * 90'500 + 1000));
    reader.take(200, 99'000);
    CHECK(reader.latency().count == 3);
    CHECK(reader.oldest_ns() == 0);
  }

  TEST_CASE("a mark whose commit was decided and is published by the next generation counts") {
    Bench bench;
    Reader reader(bench);
    {
      Producer dead(bench);
      dead.mark(5, 1000);
    }
    OutputEnd end = bench.output("a");
    end.restore({40, 5});
    MarkMaker marks = end.mark_maker();
    reader.take(5, 4000);
    CHECK(reader.latency().count == 5);
    CHECK(reader.latency().mean() == doctest::Approx(3000));
  }

  TEST_CASE("a reader that died after its commit loses that sample and no other") {
    Bench bench;
    Producer producer(bench);
    producer.step(1, 1000);
    {
      InputEnd dead = bench.input("a");
      REQUIRE(dead.refresh());
      dead.publish({8, 1});
    }
    producer.step(1, 2000);
    Reader reader(bench);
    reader.take(1, 2500);
    CHECK(reader.latency().count == 1);
    CHECK(reader.latency().mean() == doctest::Approx(500));
  }

  TEST_CASE("a new reader of an old ring begins with the marks to come") {
    Bench bench;
    Producer producer(bench);
    {
      Reader old(bench);
      for (int i = 0; i < 200; ++i) {
        producer.step(1, 1000);
        old.take(1, 2000);
      }
    }
    bench.add_channel("a", kNumbers, {"in", "late"});
    bench.spoil<ReaderPage>(bench.segments.reader_path("a", "late"),
                            [](ReaderPage& page) { CHECK(page.marks_passed.load() == 200); });
    Reader late(bench, "late");
    producer.step(1, 5000);
    late.take(1, 5100);
    CHECK(late.latency().count == 1);
  }

  TEST_CASE("the oldest mark is that of a message which was published and not taken") {
    Bench bench;
    Producer producer(bench);
    Reader reader(bench);
    CHECK(reader.oldest_ns() == 0);
    producer.mark(1, 1000);
    CHECK(reader.oldest_ns() == 0);
    producer.publish(1);
    CHECK(reader.oldest_ns() == 1000);
    producer.step(1, 2000);
    CHECK(reader.oldest_ns() == 1000);
    reader.take(1, 2500);
    CHECK(reader.oldest_ns() == 2000);
    reader.take(1, 2600);
    CHECK(reader.oldest_ns() == 0);
  }

  TEST_CASE("spoiled marks are dropped, and the ones after them are not") {
    const std::function<void(Mark&)> damages[] = {
        [](Mark& mark) { mark.message.store(~std::uint64_t{0}); },
        [](Mark& mark) { mark.message.store(std::uint64_t{1} << 62); },
        [](Mark& mark) { mark.time_ns.store(~std::uint64_t{0}); },
        [](Mark& mark) { mark.time_ns.store(2001); },  // later than it is taken
        [](Mark& mark) { mark.time_ns.store(0); },
        [](Mark& mark) { mark.weight.store(~std::uint64_t{0}); },
        [](Mark& mark) { mark.weight.store(3); },  // there were only two messages
    };
    for (const auto& damage : damages) {
      Bench bench;
      Producer producer(bench);
      Reader reader(bench);
      producer.step(2, 1000);
      spoil_ring(bench, [&](RingPage& page) { damage(page.marks[0]); });
      reader.take(2, 2000);
      CHECK(reader.latency().count == 0);
      producer.step(1, 3000);
      reader.take(1, 3500);
      CHECK(reader.latency().count == 1);
      CHECK(reader.latency().mean() == doctest::Approx(500));
    }
  }

  TEST_CASE("a spoiled count of marks, on either side, is put right by the next mark") {
    for (const std::uint64_t wild : {~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{70}, std::uint64_t{0}}) {
      CAPTURE(wild);
      Bench bench;
      Producer producer(bench);
      Reader reader(bench);
      for (int i = 0; i < 100; ++i) {
        producer.step(1, 1000);
        reader.take(1, 1000);
      }
      const auto next = [&](std::uint64_t at) {
        producer.step(1, at);
        CHECK(reader.oldest_ns() <= at);
        reader.take(1, at + 1000);
      };
      spoil_ring(bench, [&](RingPage& page) { page.marks_made.store(wild); });
      reader.pass(1500);
      for (std::uint64_t i = 0; i < 2 * kMarks; ++i) next(2000);
      bench.spoil<ReaderPage>(bench.segments.reader_path("a", "in"),
                              [&](ReaderPage& page) { page.marks_passed.store(wild); });
      for (std::uint64_t i = 0; i < 2 * kMarks; ++i) next(4000);
      const std::uint64_t before = reader.latency().count;
      next(6000);
      CHECK(reader.latency().count == before + 1);
    }
  }

  TEST_CASE("a reader whose count is impossible does not leave its channel without marks") {
    Bench bench;
    Producer producer(bench);
    Reader reader(bench);
    for (std::uint64_t i = 0; i < kMarks / 2; ++i) producer.step(1, 1000);
    reader.take(kMarks / 2, 2000);
    bench.spoil<ReaderPage>(bench.segments.reader_path("a", "in"),
                            [](ReaderPage& page) { page.marks_passed.store(1 << 20); });
    producer.step(1, 3000);
    reader.take(1, 3500);
    CHECK(reader.latency().count == kMarks / 2 + 1);
  }

  TEST_CASE("with both sides at work no mark is told another's time") {
    RingPage ring{};
    ReaderPage page{};
    std::atomic<std::uint64_t> tail{0};
    std::atomic<std::uint64_t> head{0};
    constexpr std::uint64_t kMessages = 200'000;
    MarkMaker maker(ring, {&page}, 100 * 8, {});
    MarkReader reader(ring, page, kCapacity, 0);
    // The clock counts messages, for both the same: whoever is told his own time has the age 0.
    std::thread producer([&] {
      for (std::uint64_t first = 0; first < kMessages; ++first) {
        while (first - head.load(std::memory_order_acquire) >= 100) std::this_thread::yield();
        maker.make({first * 8, first}, {first * 8 + 8, first + 1}, first + 1);
        tail.store(first + 1, std::memory_order_release);
      }
    });
    for (std::uint64_t taken = 0; taken < kMessages; ++taken) {
      while (tail.load(std::memory_order_acquire) <= taken) std::this_thread::yield();
      reader.pass(taken + 1, taken + 1, [&] { return taken + 1; });
      head.store(taken + 1, std::memory_order_release);
    }
    producer.join();
    const Histogram ages = copy(page.latency_ns);
    CHECK(ages.count > 0);
    CHECK(ages.max() == 0);
  }
}

}  // namespace steady::ipc
