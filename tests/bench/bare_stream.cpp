// The limit that a channel is measured against: a bare ring between two processes, of which one writes messages and the
// other sums each. Neither ever sleeps, and each publishes once per batch.
//
//   bare_stream messages BYTES BATCH RING_BYTES SECONDS   messages of 8 or 64 bytes, written and read in place
//   bare_stream frames BYTES BATCH RING_BYTES SECONDS     frames: copied in once, by memcpy, and read in place
//
// prints how many per second were read; fails when one was wrong.
#include <bit>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "bare_ring.hpp"
#include "work.hpp"

namespace {

/// At either end of a ring: waits until a batch can be written or read, and does so, until `work(place)` is false.
template <class End, class Work>
void run_batches(End end, std::uint64_t batch_bytes, Work work) {
  bare::Backoff backoff;
  for (;;) {
    if (end.ready(batch_bytes) < batch_bytes) {
      backoff.wait();
      continue;
    }
    backoff.reset();
    if (!work(end.place())) return;
    end.publish(end.position() + batch_bytes);
  }
}

struct Setup {
  std::uint64_t bytes;
  std::uint64_t batch;
  std::uint64_t ring_bytes;
  double seconds;
};

template <class Write, class Read>
int measure(const Setup& setup, std::uint64_t item_bytes, const Write& write, const Read& read) {
  const bare::Ring ring = bare::make_ring(setup.ring_bytes);
  bare::Crew crew;
  crew.add([&] { run_batches(bare::Writer(ring), setup.batch * item_bytes, write); });
  crew.add([&] { run_batches(bare::Reader(ring), setup.batch * item_bytes, read); });
  const auto items = [&] { return ring.header->head.load(std::memory_order_relaxed) / item_bytes; };
  std::printf("%.0f\n", bare::rate_of(items, setup.seconds));
  return crew.end() ? 0 : 1;
}

template <class Item>
int measure_messages(const Setup& setup) {
  return measure(
      setup, sizeof(Item),
      [batch = setup.batch, written = std::uint64_t{0}](char* place) mutable {
        work::fill(reinterpret_cast<Item*>(place), batch, written);
        written += batch;
        return true;
      },
      [batch = setup.batch, read = std::uint64_t{0}](const char* place) mutable {
        const bool right = work::holds(reinterpret_cast<const Item*>(place), batch, read);
        read += batch;
        return right;
      });
}

int measure_frames(const Setup& setup) {
  const std::uint64_t padded = (setup.bytes + 7) & ~7ULL;
  std::vector<char> frame(setup.bytes);
  work::fill_bytes(frame.data(), frame.size());
  const std::uint64_t sum = work::sum_bytes(frame.data(), frame.size());
  return measure(
      setup, padded,
      [&](char* place) {
        for (std::uint64_t i = 0; i < setup.batch; ++i) std::memcpy(place + i * padded, frame.data(), frame.size());
        return true;
      },
      [&](const char* place) {
        bool right = true;
        for (std::uint64_t i = 0; i < setup.batch; ++i) right &= work::sum_bytes(place + i * padded, setup.bytes) == sum;
        return right;
      });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 6 ? argv[1] : "";
  Setup setup{};
  if (argc == 6)
    setup = {std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10),
             std::strtoull(argv[4], nullptr, 10), std::strtod(argv[5], nullptr)};
  if (setup.batch != 0 && setup.seconds > 0 && setup.bytes != 0 && std::has_single_bit(setup.ring_bytes) &&
      setup.batch * (setup.bytes + 7) <= setup.ring_bytes) {
    if (kind == "messages" && setup.bytes == sizeof(work::Small)) return measure_messages<work::Small>(setup);
    if (kind == "messages" && setup.bytes == sizeof(work::Large)) return measure_messages<work::Large>(setup);
    if (kind == "frames") return measure_frames(setup);
  }
  std::fprintf(stderr, "usage: bare_stream messages|frames BYTES BATCH RING_BYTES SECONDS\n");
  return 2;
}
