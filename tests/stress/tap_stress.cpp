// A tap beside a producer and readers that run as fast as they can: it never shows a torn message, it never goes back,
// and what it shows and what it says it missed add up.
#include <atomic>

#include "ipc/tap.hpp"
#include "stress/support.hpp"

namespace steady::stress {
namespace {

using namespace std::chrono_literals;

/// Words of which each depends on the message's number and on its place.
constexpr std::size_t kWords = 3;
constexpr std::uint64_t kBytes = kWords * 8;

std::uint64_t content(std::uint64_t number, std::size_t word) { return (number + 1) * 0x9e3779b97f4a7c15 + word; }

void store(unsigned char* at, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(at)).store(value, std::memory_order_relaxed);
}

void add(ipc::Word& word) { word.store(word.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

/// A channel of the bench with its producer's segment, in which both ends and a tap work on the same addresses.
struct Stage {
  Stage(const ipc::RingSpec& spec, std::vector<std::string> names) : readers(std::move(names)) {
    bench.add_channel("a", spec, readers);
    test::must(bench.segments.ensure_actor("a", {}));
    test::must(bench.segments.next_generation("a"));
    segment = bench.actor("a");
    words = segment.at<ipc::ActorWords>(ipc::kActorWordsOffset);
    words->activity = static_cast<std::uint64_t>(ipc::Activity::Running);
    output.emplace(bench.output("a", readers));
    for (const std::string& reader : readers) inputs.push_back(bench.input("a", reader));
    ipc::TapPaths paths{bench.segments.ring_path("a"), {}, bench.segments.actor_path("a")};
    for (const std::string& reader : readers) paths.readers.push_back(bench.segments.reader_path("a", reader));
    tap.emplace(test::must(ipc::Tap::open(paths)));
    for (std::size_t i = 0; i < inputs.size(); ++i) ipc::EndsAtOneAddress::join(*output, i, inputs[i]);
    ipc::EndsAtOneAddress::join(*output, segment, *tap);
  }

  test::IpcBench bench;
  std::vector<std::string> readers;
  ipc::Mapping segment;
  ipc::ActorWords* words = nullptr;
  std::optional<ipc::OutputEnd> output;
  std::vector<ipc::InputEnd> inputs;
  std::optional<ipc::Tap> tap;
  std::atomic<std::uint64_t> made{0};
};

/// Bytes of message or frame `number` in the ring.
using SizeOf = std::uint64_t (*)(std::uint64_t number);
std::uint64_t message_size(std::uint64_t) { return kBytes; }
std::uint64_t frame_words(std::uint64_t number) { return 1 + number * 7 % 11; }
std::uint64_t frame_size(std::uint64_t number) { return 8 + frame_words(number) * 8; }

void write_message(unsigned char* at, std::uint64_t number) {
  for (std::size_t word = 0; word < kWords; ++word) store(at + word * 8, content(number, word));
}
void write_frame(unsigned char* at, std::uint64_t number) {
  store(at, frame_words(number) * 8 | number << 32);  // length, then the low half of the number: little-endian
  for (std::size_t word = 0; word < frame_words(number); ++word) store(at + 8 + word * 8, content(number, word));
}

/// Steps of random length, each counted as a worker counts it; some find no room and write nothing.
void produce(Stage& stage, SizeOf size_of, void (*write)(unsigned char*, std::uint64_t), Clock::time_point until) {
  Dice dice(1);
  ipc::OutputEnd& output = *stage.output;
  ipc::OutputEnd* const outputs[] = {&output};
  while (Clock::now() < until) {
    for (int i = 0; i < 64; ++i) {
      if (!output.refresh()) std::abort();
      add(stage.words->process.begun);
      const ipc::Position at = output.position();
      ipc::Position to = at;
      for (std::uint64_t left = dice.up_to(60); left != 0; --left) {
        const std::uint64_t size = size_of(to.messages);
        if (to.bytes - at.bytes + size > output.vacant_bytes()) break;
        write(output.begin() + (to.bytes - at.bytes), to.messages);
        to = {to.bytes + size, to.messages + 1};
      }
      const ipc::Moved<ipc::OutputEnd> moved[] = {{&output, to}};
      if (to.messages == at.messages)
        std::this_thread::yield();
      else
        ipc::commit(*stage.words, {{}, moved, 0, false}, outputs, ipc::FenceMode::Full, ipc::NoHook{});
      add(stage.words->process.returned);
    }
  }
  stage.made = output.position().messages;
  ipc::commit(*stage.words, {{}, {}, 0, true}, outputs, ipc::FenceMode::Full, ipc::NoHook{});
}

/// Takes what there is, without a look at it: readers only have to move.
void consume(ipc::InputEnd& input, SizeOf size_of) {
  for (;;) {
    const bool closed = input.closed();
    if (!input.refresh()) std::abort();
    if (closed && input.available_bytes() == 0) return;
    ipc::Position to = input.position();  // of frames the bytes may be newer than their count
    for (std::uint64_t left = input.available_messages(); left != 0; --left, ++to.messages)
      to.bytes += size_of(to.messages);
    if (to.messages == input.position().messages) std::this_thread::yield();
    input.publish(to);
  }
}

void check(const ipc::Tap::Batch::Message& message, std::uint64_t expected_bytes) {
  bool whole = message.bytes.size() == expected_bytes;
  for (std::size_t word = 0; whole && word < expected_bytes / 8; ++word) {
    std::uint64_t value = 0;
    std::memcpy(&value, message.bytes.data() + word * 8, 8);
    whole = value == content(message.sequence, word);
  }
  if (whole) return;
  std::fprintf(stderr, "the tap showed a torn message %llu\n", static_cast<unsigned long long>(message.sequence));
  std::abort();
}

void run(const char* what, const ipc::RingSpec& spec, const std::vector<std::string>& readers) {
  const Watchdog watchdog(what);
  Stage stage(spec, readers);
  const bool frames = spec.message_bytes == 0;
  const SizeOf size_of = frames ? frame_size : message_size;
  std::vector<std::thread> threads;
  for (ipc::InputEnd& input : stage.inputs) threads.emplace_back([&input, size_of] { consume(input, size_of); });
  threads.emplace_back([&] {
    produce(stage, size_of, frames ? write_frame : write_message, Clock::now() + 1s);
  });
  Dice dice(9);
  std::uint64_t next = 0;
  std::uint64_t seen = 0;
  std::uint64_t skipped = 0;
  while (stage.tap->end() == ipc::Tap::End::None) {
    const auto& batch = stage.tap->next(dice.up_to(200));
    skipped += batch.skipped;
    if (!batch.messages.empty() && seen == 0) next = batch.messages.front().sequence;
    if (!batch.messages.empty() && batch.messages.front().sequence != next + batch.skipped) std::abort();
    next += batch.skipped;
    for (const auto& message : batch.messages) {
      if (message.sequence != next++) std::abort();
      check(message, frames ? frame_words(message.sequence) * 8 : kBytes);
      ++seen;
    }
    if (dice.one_in(100)) std::this_thread::sleep_for(200us);
  }
  for (std::thread& thread : threads) thread.join();
  MESSAGE(std::string(what), ": ", stage.made.load(), " messages, ", seen, " seen, ", skipped, " skipped");
  CHECK(seen > 0);
  CHECK(next <= stage.made);
  CHECK(next - seen - skipped <= stage.made);
}

}  // namespace

TEST_SUITE("stress/tap") {
  TEST_CASE("a tap beside a ring that is as large as its capacity shows no torn message") {
    run("exact ring", {.capacity_bytes = 4096 / kBytes * kBytes, .message_bytes = kBytes, .message_hash = 1}, {"in"});
  }
  TEST_CASE("a tap beside a ring with some room to spare shows no torn message") {
    run("roomy ring", {.capacity_bytes = 40 * kBytes, .message_bytes = kBytes, .message_hash = 1}, {"in"});
  }
  TEST_CASE("a tap beside three readers shows no torn message") {
    run("broadcast", {.capacity_bytes = 170 * kBytes, .message_bytes = kBytes, .message_hash = 1}, {"one", "two", "three"});
  }
  TEST_CASE("a tap of frames shows no torn frame") {
    run("frames", {.capacity_bytes = 4096, .message_bytes = 0, .message_hash = 1}, {"in"});
  }
}

}  // namespace steady::stress
