// The limit that a round trip is measured against: two processes send a number to and fro over two bare rings.
//
//   bare_roundtrip spin|block SECONDS INTERVAL_US
//
// spin: whoever waits looks at the ring without end, with a pause. block: whoever waits sleeps on a futex, the ring's own
// tail, at once; the other one looks whether it sleeps and wakes it. INTERVAL_US: from one start to the next; 0: at once.
// Each process stays on a core of its own: on one core a wake-up is ten times as fast, and the kernel would choose anew in
// every run. Prints the median and the 99th percentile in nanoseconds, the round trips per second, and the cores that both together
// used; fails when a number that came back was wrong.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include <cstdio>
#include <string_view>

#include "bare_ring.hpp"
#include "latencies.hpp"

namespace {

constexpr std::uint64_t kRingBytes = 1 << 16;
constexpr std::uint64_t kNumberBytes = 8;

enum class Wait { Spin, Block };

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

/// The low half of the tail, which changes with every message.
void* futex_of(const bare::Ring& ring) { return &ring.header->tail; }

void sleep_on(const bare::Ring& ring, std::uint64_t tail) {
  ring.header->asleep.store(1, std::memory_order_seq_cst);
  if (ring.header->tail.load(std::memory_order_seq_cst) == tail)
    ::syscall(SYS_futex, futex_of(ring), FUTEX_WAIT, static_cast<std::uint32_t>(tail), nullptr, nullptr, 0);
  ring.header->asleep.store(0, std::memory_order_relaxed);
}

void wake(const bare::Ring& ring) {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // between the tail and the look
  if (ring.header->asleep.load(std::memory_order_relaxed) != 0)
    ::syscall(SYS_futex, futex_of(ring), FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

/// One direction, as each of its two processes uses it.
class Way {
 public:
  Way(const bare::Ring& ring, Wait wait) : ring_(ring), wait_(wait), writer_(ring), reader_(ring) {}

  void send(std::uint64_t number) {
    while (writer_.ready(kNumberBytes) < kNumberBytes) bare::relax();
    *reinterpret_cast<std::uint64_t*>(writer_.place()) = number;
    writer_.publish(writer_.position() + kNumberBytes);
    if (wait_ == Wait::Block) wake(ring_);
  }
  std::uint64_t receive() {
    while (reader_.ready(kNumberBytes) == 0) {
      if (wait_ == Wait::Block)
        sleep_on(ring_, reader_.position());
      else
        bare::relax();
    }
    const std::uint64_t number = *reinterpret_cast<const std::uint64_t*>(reader_.place());
    reader_.publish(reader_.position() + kNumberBytes);
    return number;
  }

 private:
  const bare::Ring ring_;
  const Wait wait_;
  bare::Writer writer_;
  bare::Reader reader_;
};

void wait_until(std::uint64_t due_ns, Wait wait) {
  if (wait == Wait::Block) {
    const timespec due{static_cast<time_t>(due_ns / 1'000'000'000), static_cast<long>(due_ns % 1'000'000'000)};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
  }
  while (now_ns() < due_ns) bare::relax();
}

/// Until a wrong number comes back.
void ask(Way there, Way back, Wait wait, std::uint64_t interval_ns, Latencies& latencies) {
  std::uint64_t sent_ns = now_ns();
  std::uint64_t due_ns = sent_ns;
  for (std::uint64_t number = 0;; ++number) {
    there.send(number);
    if (back.receive() != number) return;
    const std::uint64_t received_ns = now_ns();
    latencies.record(received_ns - sent_ns);
    sent_ns = received_ns;
    if (interval_ns == 0) continue;
    due_ns = std::max(due_ns + interval_ns, received_ns);  // late by more than one interval: no burst
    wait_until(due_ns, wait);
    sent_ns = now_ns();
  }
}

void echo(Way there, Way back) {
  for (;;) back.send(there.receive());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 4 ? argv[1] : "";
  const double seconds = argc == 4 ? std::strtod(argv[2], nullptr) : 0;
  if ((kind != "spin" && kind != "block") || !(seconds > 0)) {
    std::fprintf(stderr, "usage: bare_roundtrip spin|block SECONDS INTERVAL_US\n");
    return 2;
  }
  const Wait wait = kind == "spin" ? Wait::Spin : Wait::Block;
  const std::uint64_t interval_ns = std::strtoull(argv[3], nullptr, 10) * 1000;
  const bare::Ring first = bare::make_ring(kRingBytes);
  const bare::Ring second = bare::make_ring(kRingBytes);
  Latencies& latencies = *new (bare::shared(sizeof(Latencies))) Latencies;

  bare::Crew crew;
  const double begun = bare::now_seconds();
  crew.add([&] {
    bare::stay_on_core(0);
    ask(Way(first, wait), Way(second, wait), wait, interval_ns, latencies);
  });
  crew.add([&] {
    bare::stay_on_core(1);
    echo(Way(first, wait), Way(second, wait));
  });
  do bare::sleep_seconds(seconds);
  while (second.header->head.load(std::memory_order_relaxed) < 2 * kNumberBytes);  // the time of the first is kept then
  const bool good = crew.end();
  const double elapsed = bare::now_seconds() - begun;
  std::printf("%.0f %.0f %.0f %.6f\n", latencies.percentile(0.5), latencies.percentile(0.99),
              static_cast<double>(latencies.count()) / elapsed, bare::Crew::cpu_seconds() / elapsed);
  return good ? 0 : 1;
}
