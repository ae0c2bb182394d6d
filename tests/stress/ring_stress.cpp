#include <array>
#include <atomic>

#include "stress/support.hpp"

namespace steady::stress {
namespace {

using namespace std::chrono_literals;
using ipc::FenceMode;

struct Setup {
  const char* what;
  std::uint64_t capacity_bytes;
  std::uint64_t batch_max;  ///< messages
  std::vector<std::string> readers{"in"};

  /// Both sides may wait for half a ring; with more, each could wait for the other.
  [[nodiscard]] std::uint64_t most_wanted() const {
    return std::min(batch_max, std::max<std::uint64_t>(1, capacity_bytes / 16));
  }
};

/// What message number `i` holds.
std::uint64_t content(std::uint64_t i) {
  return i * 0x9e3779b97f4a7c15;
}

/// Puts messages until the time is over, then closes. Returns how many.
std::uint64_t produce(ipc::OutputEnd& output, const ipc::Bell& bell, const Setup& setup, FenceMode fence,
                      ipc::ActorWords& words, Clock::time_point until) {
  Dice dice(1);
  ipc::OutputEnd* const outputs[] = {&output};
  while (Clock::now() < until) {
    for (int i = 0; i < 64; ++i) {
      const std::uint64_t wanted = dice.up_to(setup.most_wanted());
      if (!wait_for_room(output, bell, wanted * 8, fence)) std::abort();
      if (output.vacant_bytes() < wanted * 8) continue;  // woken for nothing
      const ipc::Position at = output.position();
      auto* const place = reinterpret_cast<std::uint64_t*>(output.begin());
      for (std::uint64_t k = 0; k < wanted; ++k) place[k] = content(at.messages + k);
      const ipc::Moved<ipc::OutputEnd> moved[] = {{&output, {at.bytes + wanted * 8, at.messages + wanted}}};
      ipc::commit(words, {{}, moved, 0, false}, outputs, fence, ipc::NoHook{});
    }
  }
  ipc::commit(words, {{}, {}, 0, true}, outputs, fence, ipc::NoHook{});
  return output.position().messages;
}

/// Takes messages until the stream ends. Returns how many, or aborts at the first that is not the next one.
std::uint64_t consume(ipc::InputEnd& input, const ipc::Bell& bell, const Setup& setup, FenceMode fence,
                      ipc::ActorWords& words, std::uint64_t stream) {
  Dice dice(stream);
  for (;;) {
    const bool closed = input.closed();
    if (!input.refresh()) std::abort();
    if (closed && input.available_bytes() == 0) return input.position().messages;
    const std::uint64_t wanted = dice.up_to(setup.most_wanted());
    if (!wait_for_input(input, bell, wanted, fence)) std::abort();
    const std::uint64_t count = std::min(input.available_messages(), dice.up_to(setup.batch_max));
    const ipc::Position at = input.position();
    const auto* const place = reinterpret_cast<const std::uint64_t*>(input.begin());
    for (std::uint64_t k = 0; k < count; ++k)
      if (place[k] != content(at.messages + k)) {
        std::fprintf(stderr, "message %llu is not itself\n", static_cast<unsigned long long>(at.messages + k));
        std::abort();
      }
    if (count == 0) continue;
    const ipc::Moved<ipc::InputEnd> moved[] = {{&input, {at.bytes + count * 8, at.messages + count}}};
    ipc::commit(words, {moved, {}, 0, false}, {}, fence, ipc::NoHook{});
  }
}

void run(const Setup& setup, FenceMode fence) {
  const Watchdog watchdog(setup.what);
  test::IpcBench bench;
  bench.add_channel("a", {.capacity_bytes = setup.capacity_bytes, .message_bytes = 8, .message_hash = 1},
                    setup.readers);
  bench.add_channel("x", {.capacity_bytes = 64, .message_bytes = 8, .message_hash = 1});
  ipc::OutputEnd output = bench.output("a", setup.readers);
  std::vector<ipc::InputEnd> inputs;
  for (const std::string& reader : setup.readers) inputs.push_back(bench.input("a", reader));
  for (std::size_t i = 0; i < inputs.size(); ++i) ipc::EndsAtOneAddress::join(output, i, inputs[i]);
  const ipc::Bell room = bench.bell("a");
  std::vector<std::thread> threads;
  std::vector<std::uint64_t> taken(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    threads.emplace_back([&, i] {
      ipc::ActorWords words{};
      const ipc::Bell bell = bench.bell(setup.readers[i]);
      taken[i] = consume(inputs[i], bell, setup, fence, words, 2 + i);
    });
  ipc::ActorWords words{};
  const std::uint64_t put = produce(output, room, setup, fence, words, Clock::now() + 1s);
  for (std::thread& thread : threads) thread.join();
  for (const std::uint64_t count : taken) CHECK(count == put);
  MESSAGE(std::string(setup.what), ": ", put, " messages");
  CHECK(put > 0);
}

void run_with_both_fences(const Setup& setup) {
  run(setup, FenceMode::Full);
  if (ipc::register_membarrier()) run(setup, FenceMode::Membarrier);
}

}  // namespace

TEST_SUITE("stress/ring") {
  TEST_CASE("large batches go through a large ring unharmed") {
    run_with_both_fences({"large ring", 1 << 16, 1000});
  }
  TEST_CASE("single messages go through a small ring unharmed") {
    run_with_both_fences({"small ring", 64, 3});
  }
  TEST_CASE("a ring of one message makes both sides sleep all the time, and nobody oversleeps") {
    run_with_both_fences({"ring of one message", 8, 1});
  }
  TEST_CASE("a message size that meets the end of the data area anywhere wraps unharmed") {
    run_with_both_fences({"odd capacity", 8 * 511, 300});
  }
  TEST_CASE("three readers each get every message") {
    run_with_both_fences({"broadcast", 512, 40, {"one", "two", "three"}});
  }
}

}  // namespace steady::stress
