// One publication against one sleeper, again and again in the same instant: the interleaving that SYNC(sleep) forbids
// is nanoseconds wide, so the other cases would meet it once in hours.
#include <atomic>

#include "stress/support.hpp"

namespace steady::stress {
namespace {

using namespace std::chrono_literals;
using ipc::FenceMode;

/// Lets two threads begin a round in the same instant.
class Start {
 public:
  void wait(std::uint64_t round) {
    arrived_.fetch_add(1);
    for (unsigned turns = 1; arrived_.load() < 2 * round; ++turns)
      if (turns % 4096 == 0) std::this_thread::yield();  // the other one may want this core
  }

 private:
  std::atomic<std::uint64_t> arrived_{0};
};

void pause_for(std::uint64_t turns) {
  for (std::uint64_t i = 0; i < turns; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);  // not optimised away
}

/// How often a message was there, the reader did not see it at its last look, and nobody rang.
std::uint64_t missed(FenceMode fence) {
  test::IpcBench bench;
  bench.add_channel("a", {.capacity_bytes = 64, .message_bytes = 8, .message_hash = 1});
  ipc::OutputEnd output = bench.output("a");
  ipc::InputEnd input = bench.input("a");
  const ipc::Bell bell = bench.bell("in");
  std::atomic<bool> over{false};
  Start begin;
  Start end;
  std::thread producer([&] {
    Dice dice(1);
    for (std::uint64_t round = 1;; ++round) {
      begin.wait(round);
      if (over.load()) return;
      pause_for(dice.up_to(20));
      output.publish({round * 8, round});
      ipc::publisher_fence(fence);
      output.wake_peers();
      end.wait(round);
    }
  });
  Dice dice(2);
  std::uint64_t missed = 0;
  std::uint64_t rounds = 0;
  const auto until = Clock::now() + 1s;
  for (std::uint64_t round = 1;; ++round) {
    const bool last = Clock::now() > until;
    if (last) over.store(true);
    begin.wait(round);
    if (last) break;
    const std::uint32_t rung = bell.count();
    pause_for(dice.up_to(20));
    input.set_wake_at(round * 8);
    ipc::sleeper_fence(fence);  // SYNC(sleep)
    const bool seen = input.refresh() && input.seen_bytes() >= round * 8;
    end.wait(round);
    if (!seen && bell.count() == rung) ++missed;
    input.set_wake_at(ipc::kAwake);
    if (!input.refresh()) std::abort();
    input.publish({round * 8, round});
    ++rounds;
  }
  producer.join();
  MESSAGE(rounds, " rounds");
  return missed;
}

}  // namespace

TEST_SUITE("stress/wakeup") {
  TEST_CASE("a publisher and a sleeper never miss each other, when both fence") {
    CHECK(missed(FenceMode::Full) == 0);
  }
  TEST_CASE("a publisher and a sleeper never miss each other, when the sleeper pays") {
    if (ipc::register_membarrier()) CHECK(missed(FenceMode::Membarrier) == 0);
  }
}

}  // namespace steady::stress
