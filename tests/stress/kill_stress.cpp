// generator -> relay -> sink, each on its thread, over frames and messages; each dies at random points of its commits
// and comes back as a new generation on the same files, as a worker does.
#include <atomic>
#include <memory>

#include "stress/support.hpp"

namespace steady::stress {
namespace {

using namespace std::chrono_literals;
using ipc::FenceMode;

constexpr std::uint64_t kLongestFrame = 200;

/// What the sink knows of the stream; committed with its position or not at all.
struct Sum {
  std::uint64_t messages;
  std::uint64_t sum;
};

struct Setup {
  const char* what;
  FenceMode fence;
  bool frames;
  std::uint64_t capacity_bytes;
  std::uint64_t death_chances;
};

std::uint64_t content(std::uint64_t i) {
  return i * 0x9e3779b97f4a7c15;
}
std::uint64_t frame_bytes(std::uint64_t i) {
  return 8 + content(i) % (kLongestFrame / 8) * 8;
}

/// One generation of an actor: its segment, its bell and its ends, mapped, repaired, and its peers told.
struct Generation {
  Generation(const test::IpcBench& bench, const std::string& name, const char* in, const char* out)
      : segment(bench.actor(name)),
        words(*segment.at<ipc::ActorWords>(ipc::kActorWordsOffset)),
        bell(bench.bell(out != nullptr ? out : "in")) {
    if (in != nullptr) input = std::make_unique<ipc::InputEnd>(bench.input(in, out != nullptr ? out : "in"));
    if (out != nullptr) output = std::make_unique<ipc::OutputEnd>(bench.output(out, {reader_of(out)}));
    ends();
    if (!ipc::repair(words, {inputs, input ? 1U : 0U}, {outputs, output ? 1U : 0U})) std::abort();
    if (output) output->wake_peers();
    if (input) input->wake_peers();
  }
  static std::string reader_of(const std::string& channel) { return channel == "first" ? "second" : "in"; }
  void ends() {
    inputs[0] = input.get();
    outputs[0] = output.get();
  }
  [[nodiscard]] std::span<ipc::OutputEnd* const> all_outputs() const { return {outputs, output ? 1U : 0U}; }

  ipc::Mapping segment;
  ipc::ActorWords& words;
  ipc::Bell bell;
  std::unique_ptr<ipc::InputEnd> input;
  std::unique_ptr<ipc::OutputEnd> output;
  ipc::InputEnd* inputs[1] = {};
  ipc::OutputEnd* outputs[1] = {};
};

/// Runs `live(generation)` until it says that it is done, in a new generation after each death. Returns the deaths.
template <class Live>
std::uint64_t with_deaths(const test::IpcBench& bench, const std::string& name, const char* in, const char* out,
                          const Live& live) {
  for (std::uint64_t deaths = 0;; ++deaths) {
    Generation generation(bench, name, in, out);
    try {
      if (generation.words.finished.load() == 0) live(generation);
      return deaths;
    } catch (const Killed&) {
    }
  }
}

std::uint64_t generate(const test::IpcBench& bench, const Setup& setup, Clock::time_point until) {
  Dice dice(1);
  return with_deaths(bench, "generator", nullptr, "first", [&](Generation& self) {
    ipc::OutputEnd& output = *self.output;
    const MayDie hook(dice, setup.death_chances);
    while (Clock::now() < until) {
      const ipc::Position at = output.position();
      const std::uint64_t bytes = setup.frames ? frame_bytes(at.messages) : 8;
      if (!wait_for_room(output, self.bell, bytes, setup.fence)) std::abort();
      if (output.vacant_bytes() < bytes) continue;
      for (std::uint64_t k = 0; k < bytes; k += 8) {
        const std::uint64_t word = content(at.messages);
        std::memcpy(output.begin() + k, &word, 8);
      }
      const ipc::Moved<ipc::OutputEnd> moved[] = {{&output, {at.bytes + bytes, at.messages + 1}}};
      ipc::commit(self.words, {{}, moved, 0, false}, self.all_outputs(), setup.fence, hook);
    }
    ipc::commit(self.words, {{}, {}, 0, true}, self.all_outputs(), setup.fence, hook);
  });
}

std::uint64_t relay(const test::IpcBench& bench, const Setup& setup) {
  Dice dice(2);
  return with_deaths(bench, "relay", "first", "second", [&](Generation& self) {
    ipc::InputEnd& input = *self.input;
    ipc::OutputEnd& output = *self.output;
    const MayDie hook(dice, setup.death_chances);
    for (;;) {
      const bool closed = input.closed();
      if (!input.refresh()) std::abort();
      if (closed && input.available_bytes() == 0) break;
      if (!wait_for_input(input, self.bell, 1, setup.fence)) std::abort();
      if (input.available_messages() == 0) continue;
      const ipc::Position from = input.position();
      const ipc::Position to = output.position();
      const std::uint64_t bytes = setup.frames ? frame_bytes(from.messages) : 8;
      if (!wait_for_room(output, self.bell, bytes, setup.fence)) std::abort();
      if (output.vacant_bytes() < bytes) continue;
      std::memcpy(output.begin(), input.begin(), bytes);
      const ipc::Moved<ipc::InputEnd> taken[] = {{&input, {from.bytes + bytes, from.messages + 1}}};
      const ipc::Moved<ipc::OutputEnd> put[] = {{&output, {to.bytes + bytes, to.messages + 1}}};
      ipc::commit(self.words, {taken, put, 0, false}, self.all_outputs(), setup.fence, hook);
    }
    ipc::commit(self.words, {{}, {}, 0, true}, self.all_outputs(), setup.fence, hook);
  });
}

std::uint64_t sink(const test::IpcBench& bench, const Setup& setup, Sum& result) {
  Dice dice(3);
  return with_deaths(bench, "sink", "second", nullptr, [&](Generation& self) {
    ipc::InputEnd& input = *self.input;
    const MayDie hook(dice, setup.death_chances);
    const std::uint64_t stride = self.segment.at<ipc::ActorPage>(0)->block_stride;
    const auto buffer = [&](std::uint64_t which) {
      return self.segment.at<Sum>(ipc::kActorBlocksOffset + (which == 2 ? stride : 0));
    };
    for (;;) {
      const std::uint64_t current = self.words.state_current.load();
      result = *buffer(current);
      if (result.messages != input.position().messages) {
        std::fprintf(stderr, "%s: the state has seen %llu messages, the position is %llu\n", setup.what,
                     static_cast<unsigned long long>(result.messages),
                     static_cast<unsigned long long>(input.position().messages));
        std::abort();
      }
      const bool closed = input.closed();
      if (!input.refresh()) std::abort();
      if (closed && input.available_bytes() == 0) return;
      if (!wait_for_input(input, self.bell, 1, setup.fence)) std::abort();
      ipc::Position at = input.position();
      const unsigned char* place = input.begin();
      Sum next = result;
      for (std::uint64_t i = 0; i < input.available_messages(); ++i) {
        const std::uint64_t bytes = setup.frames ? frame_bytes(at.messages) : 8;
        for (std::uint64_t k = 0; k < bytes; k += 8) {
          std::uint64_t word = 0;
          std::memcpy(&word, place + k, 8);
          if (word != content(at.messages)) std::abort();
        }
        place += bytes;
        at = {at.bytes + bytes, at.messages + 1};
        next.sum += at.messages;
        ++next.messages;
      }
      if (next.messages == result.messages) continue;
      const std::uint64_t other = current == 2 ? 1 : 2;
      *buffer(other) = next;
      const ipc::Moved<ipc::InputEnd> moved[] = {{&input, at}};
      ipc::commit(self.words, {moved, {}, other, false}, {}, setup.fence, hook);
    }
  });
}

void run(const Setup& setup) {
  const Watchdog watchdog(setup.what);
  test::IpcBench bench;
  const ipc::RingSpec spec{setup.capacity_bytes, setup.frames ? 0U : 8U, 1};
  bench.add_channel("first", spec, {"second"});
  bench.add_channel("second", spec, {"in"});
  for (const char* const name : {"generator", "relay"}) test::must(bench.segments.ensure_actor(name, {}));
  test::must(bench.segments.ensure_actor("sink", {.state_bytes = sizeof(Sum), .state_version = 1, .metric_count = 0}));
  std::atomic<std::uint64_t> deaths{0};
  Sum seen{};
  std::thread last([&] { deaths += sink(bench, setup, seen); });
  std::thread middle([&] { deaths += relay(bench, setup); });
  deaths += generate(bench, setup, Clock::now() + 1500ms);
  middle.join();
  last.join();
  const std::uint64_t sent = bench.output("first", {"second"}).position().messages;
  CHECK(seen.messages == sent);
  CHECK(seen.sum == sent * (sent + 1) / 2);
  CHECK(sent > 0);
  CHECK((deaths > 0) == (setup.death_chances != 0));
  MESSAGE(std::string(setup.what), ": ", sent, " messages, ", deaths.load(), " deaths");
}

void run_with_both_fences(Setup setup) {
  run(setup);
  setup.fence = FenceMode::Membarrier;
  if (ipc::register_membarrier()) run(setup);
}

}  // namespace

TEST_SUITE("stress/kill") {
  TEST_CASE("a chain of actors that never die passes every frame on") {
    run_with_both_fences({"frames", FenceMode::Full, true, 512, 0});
  }
  TEST_CASE("a chain of actors that die in their commits passes every message on once") {
    run_with_both_fences({"messages with deaths", FenceMode::Full, false, 64, 200});
  }
  TEST_CASE("a chain of actors that die in their commits passes every frame on once") {
    run_with_both_fences({"frames with deaths", FenceMode::Full, true, 512, 200});
  }
}

}  // namespace steady::stress
