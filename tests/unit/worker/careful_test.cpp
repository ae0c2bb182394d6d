// What an actor is shown after a death. The last case draws whole actors; a failure prints its seed.
#include "worker/careful.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <random>

#include "io_bench.hpp"

namespace steady::worker {
namespace {

using test::IoBench;
using test::padded;
using Kind = IoBench::Kind;
using Counts = std::vector<std::uint64_t>;

constexpr auto kNoConditions = std::nullopt;

/// One step as steadyd could look back at it.
struct Seen {
  Counts shown{};                         ///< messages per lane
  std::optional<std::size_t> suspect{};   ///< the lane whose next message is
  bool lacked = false;                    ///< what settle() answered

  bool operator==(const Seen&) const = default;
};

/// What an actor does with what it is shown: how many messages it takes of each lane.
using Takes = std::function<Counts(const Counts& shown)>;

Counts everything(const Counts& shown) { return shown; }
Counts nothing(const Counts& shown) { return Counts(shown.size(), 0); }

/// An actor in careful mode.
struct Patient {
  explicit Patient(IoBench& on) : bench(on), io(on.open()), careful(io) {}

  void begin() {
    look();
    careful.begin();
  }
  void look() {
    for (InputLane& lane : io.inputs()) lane.parked = !io.show(lane) || lane.parked;
  }
  void when(std::uint32_t clause, std::uint32_t kind, std::uint32_t port, std::uint64_t amount) {
    steady_io& to = io.io();
    to.conditions[to.condition_count++] = {kind, clause, port, 0, amount};
  }

  Seen step(std::optional<std::uint32_t> clause, const Takes& takes = everything, bool changes_state = false) {
    look();
    careful.narrow(clause);
    Seen seen;
    for (const InputLane& lane : io.inputs()) seen.shown.push_back(lane.view->messages);
    seen.suspect = suspect();
    const Counts taken = takes(seen.shown);
    for (std::size_t lane = 0; lane < taken.size(); ++lane) take(io.inputs()[lane], taken[lane]);
    if (changes_state) io.io().touched = 1;
    REQUIRE(io.commit(false, ipc::FenceMode::Full, 0, ipc::NoHook{}) == nullptr);
    seen.lacked = careful.settle(io.took());
    CHECK(io.words().process.suspect_reader.load() == 0);
    return seen;
  }
  static void take(InputLane& lane, std::uint64_t count) {
    steady_view& view = *lane.view;
    for (; count != 0; --count) {
      std::uint64_t bytes = lane.end.message_bytes();
      if (bytes == 0) {
        steady_frame head;
        std::memcpy(&head, view.begin + view.used_bytes, sizeof head);
        bytes = padded(head.length);
      }
      view.used_bytes += bytes;
      ++view.used_messages;
    }
  }
  [[nodiscard]] std::optional<std::size_t> suspect() {
    const ipc::ProcessWords& words = io.words().process;
    const std::uint64_t reader = words.suspect_reader.load();
    if (reader == 0) return std::nullopt;
    for (std::size_t lane = 0; lane < io.inputs().size(); ++lane) {
      if (io.inputs()[lane].end.incarnation() != reader) continue;
      CHECK(words.suspect_sequence.load() == io.inputs()[lane].end.position().messages);
      return lane;
    }
    FAIL("the suspect is on none of the lanes");
    return std::nullopt;
  }
  [[nodiscard]] std::uint64_t taken(std::size_t lane) { return io.inputs()[lane].end.position().messages; }

  IoBench& bench;
  ActorIo& io;
  Careful careful;
};

Seen alone(Counts shown, std::size_t suspect, bool lacked = true) { return {std::move(shown), suspect, lacked}; }
Seen unblamed(Counts shown, bool lacked = true) { return {std::move(shown), std::nullopt, lacked}; }

}  // namespace

TEST_SUITE("worker/careful") {
  TEST_CASE("where nothing waits nobody can be guilty, and nothing is narrowed") {
    IoBench bench;
    bench.add_input(Kind::Numbers, 2);
    Patient patient(bench);
    patient.begin();
    CHECK_FALSE(patient.careful.active());
  }

  TEST_CASE("messages and frames are shown one by one, each as the suspect of its step") {
    for (const Kind kind : {Kind::Numbers, Kind::Frames}) {
      IoBench bench;
      bench.add_input(kind);
      bench.put(0, 3);
      Patient patient(bench);
      patient.begin();
      CHECK(patient.step(kNoConditions) == alone({1}, 0));
      CHECK(patient.step(kNoConditions) == alone({1}, 0));
      CHECK(patient.careful.active());
      CHECK(patient.step(kNoConditions) == alone({1}, 0, false));
      CHECK_FALSE(patient.careful.active());
    }
  }

  TEST_CASE("it ends exactly behind what was there, whatever has come since") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.put(0, 2);
    Patient patient(bench);
    patient.begin();
    bench.put(0, 5);
    patient.step(kNoConditions);
    CHECK(patient.careful.active());
    patient.step(kNoConditions);
    CHECK_FALSE(patient.careful.active());
    CHECK(patient.taken(0) == 2);
  }

  TEST_CASE("it ends behind what one step sees at most, since the dead one cannot have seen more") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.put(0, 10);
    Patient patient(bench);
    patient.io.inputs()[0].most = 3;
    patient.begin();
    for (int step = 0; step < 3; ++step) {
      CHECK(patient.careful.active());
      patient.step(kNoConditions);
    }
    CHECK_FALSE(patient.careful.active());
    CHECK(patient.taken(0) == 3);
  }

  TEST_CASE("without conditions the lanes take turns, and none is starved by a longer one") {
    IoBench bench;
    bench.add_input(Kind::Numbers, 3);
    bench.put(0, 100);
    bench.put(1, 2);
    bench.put(2, 2);
    Patient patient(bench);
    patient.begin();
    for (int step = 0; step < 6; ++step) {
      const Seen seen = patient.step(kNoConditions);
      REQUIRE(seen.suspect);
      CHECK(seen.shown[*seen.suspect] == 1);
    }
    for (std::size_t lane = 0; lane < 3; ++lane) CHECK(patient.taken(lane) == 2);
    CHECK(patient.careful.active());
  }

  TEST_CASE("a clause with one input sees one message of it and nothing of the others") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    const std::uint32_t second = bench.add_input(Kind::Frames);
    bench.put(0, 2);
    bench.put(1, 2);
    Patient patient(bench);
    patient.when(4, STEADY_WHEN_INPUT, second, 1);
    patient.when(4, STEADY_WHEN_TIMER, 0, 1000);
    patient.begin();
    CHECK(patient.step(4) == alone({0, 1}, 1));
    CHECK(patient.step(4) == alone({0, 1}, 1));
    CHECK(patient.taken(0) == 0);
    CHECK(patient.careful.active());
  }

  TEST_CASE("a clause that asks for several messages sees as many, and nobody can be blamed") {
    IoBench bench;
    const std::uint32_t port = bench.add_input(Kind::Numbers);
    bench.put(0, 7);
    Patient patient(bench);
    patient.when(0, STEADY_WHEN_INPUT, port, 3);
    patient.begin();
    CHECK(patient.step(0) == unblamed({3}));
    CHECK(patient.step(0) == unblamed({3}));
    CHECK(patient.step(0) == alone({1}, 0, false));  // the rest of a stream that has ended
    CHECK_FALSE(patient.careful.active());
  }

  TEST_CASE("a clause with several inputs sees what it asks for of each, and nobody can be blamed") {
    IoBench bench;
    const std::uint32_t left = bench.add_input(Kind::Numbers);
    const std::uint32_t right = bench.add_input(Kind::Frames);
    bench.add_input(Kind::Numbers);
    for (const std::size_t lane : {0U, 1U, 2U}) bench.put(lane, 4);
    Patient patient(bench);
    patient.when(0, STEADY_WHEN_INPUT, left, 1);
    patient.when(0, STEADY_WHEN_INPUT, right, 2);
    patient.begin();
    CHECK(patient.step(0) == unblamed({1, 2, 0}));
  }

  TEST_CASE("of a port's lanes those take turns that have enough for the clause") {
    IoBench bench;
    const std::uint32_t port = bench.add_input(Kind::Numbers, 3);
    for (const std::size_t lane : {0U, 1U, 2U}) bench.put(lane, 20);
    Patient patient(bench);
    patient.when(0, STEADY_WHEN_INPUT, port, 2);
    patient.begin();
    for (int step = 0; step < 6; ++step) patient.step(0);
    for (const std::size_t lane : {0U, 1U, 2U}) CHECK(patient.taken(lane) == 4);
  }

  TEST_CASE("a lane that has less than the clause asks for is passed over for one that has it") {
    IoBench bench;
    const std::uint32_t port = bench.add_input(Kind::Numbers, 2);
    bench.put(0, 1);
    bench.put(1, 9);
    Patient patient(bench);
    patient.when(0, STEADY_WHEN_INPUT, port, 3);
    patient.begin();
    for (int step = 0; step < 3; ++step) CHECK(patient.step(0) == unblamed({0, 3}));
    CHECK(patient.step(0) == alone({1, 0}, 0, false));
  }

  TEST_CASE("a clause that names no input sees nothing and one message by turns") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.put(0, 2);
    Patient patient(bench);
    patient.when(0, STEADY_WHEN_TIMER, 0, 1000);
    patient.begin();
    CHECK(patient.step(0) == unblamed({0}));
    CHECK(patient.step(0) == alone({1}, 0));
    CHECK(patient.step(0) == unblamed({0}));
    CHECK(patient.step(0) == alone({1}, 0, false));
    CHECK_FALSE(patient.careful.active());
  }

  TEST_CASE("steps that take nothing see one message of every input at first, then 2, 4, 8 up to all") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.add_input(Kind::Frames);
    bench.put(0, 11);
    bench.put(1, 3);
    Patient patient(bench);
    patient.begin();
    for (int step = 0; step < 5; ++step) CHECK(patient.step(kNoConditions, nothing).suspect);
    CHECK(patient.step(kNoConditions, nothing) == unblamed({1, 1}));
    CHECK(patient.step(kNoConditions, nothing) == unblamed({2, 2}));
    CHECK(patient.step(kNoConditions, nothing) == unblamed({4, 3}));
    CHECK(patient.step(kNoConditions, nothing) == unblamed({8, 3}));
    for (int step = 0; step < 100; ++step) CHECK(patient.step(kNoConditions, nothing) == unblamed({11, 3}, false));
  }

  TEST_CASE("what a step is widened to ends with the first one that takes something") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.put(0, 20);
    Patient patient(bench);
    patient.begin();
    const Takes in_fours = [](const Counts& shown) { return Counts{shown[0] / 4 * 4}; };
    for (std::uint64_t taken = 4; taken <= 20; taken += 4) {
      for (int step = 0; step < 10 && patient.taken(0) < taken; ++step) {
        const Seen seen = patient.step(kNoConditions, in_fours);
        CHECK(seen.shown[0] <= 4);
        CHECK(seen.suspect.has_value() == (seen.shown[0] == 1));
      }
      CHECK(patient.taken(0) == taken);
    }
    CHECK_FALSE(patient.careful.active());
  }

  TEST_CASE("an actor that changes its state in every step gets more to see all the same") {
    IoBench bench(8);
    bench.add_input(Kind::Numbers, 2);
    bench.put(0, 3);
    bench.put(1, 3);
    Patient patient(bench);
    patient.begin();
    const Takes pairs = [](const Counts& shown) {
      const std::uint64_t both = std::min(shown[0], shown[1]);
      return Counts{both, both};
    };
    for (int step = 0; step < 100 && patient.careful.active(); ++step) patient.step(kNoConditions, pairs, true);
    CHECK_FALSE(patient.careful.active());
  }

  TEST_CASE("no step sees more than any step may, and one that sees as much lacks nothing") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.put(0, 50);
    Patient patient(bench);
    patient.io.inputs()[0].most = 3;
    patient.begin();
    for (int step = 0; step < 20; ++step) CHECK(patient.step(kNoConditions, nothing).shown[0] <= 3);
    CHECK(patient.step(kNoConditions, nothing) == unblamed({3}, false));
  }

  TEST_CASE("of a frame just its own bytes are shown, also right before the end of the data area") {
    IoBench bench;
    bench.add_input(Kind::Frames);
    bench.begin_at(0, {4096 - 16, 7});
    bench.put(0, 1, 100);
    bench.put(0, 1, 0);
    bench.put(0, 1, 8);
    Patient patient(bench);
    patient.begin();
    for (const std::uint64_t length : {100U, 0U, 8U}) {
      const Seen seen = patient.step(kNoConditions, [&](const Counts& shown) {
        CHECK(patient.io.inputs()[0].view->bytes == padded(length));
        return shown;
      });
      CHECK(seen.suspect == 0);
    }
    CHECK_FALSE(patient.careful.active());
  }

  TEST_CASE("a frame that is not whole is shown with all that is there, for the actor's own check to find") {
    IoBench bench;
    bench.add_input(Kind::Frames);
    bench.put(0, 2, 8);
    const std::uint32_t length = 1000;
    const UniqueFd ring = test::IpcBench::open(bench.ipc.segments.ring_path(bench.input_channel(0)), O_RDWR);
    REQUIRE(::pwrite(ring.get(), &length, sizeof length, ipc::kPage) == sizeof length);
    Patient patient(bench);
    patient.begin();
    patient.step(kNoConditions, [&](const Counts& shown) {
      CHECK(patient.io.inputs()[0].view->bytes == 32);
      return nothing(shown);
    });
  }

  TEST_CASE("a parked lane is neither shown nor waited for") {
    IoBench bench;
    bench.add_input(Kind::Numbers, 2);
    bench.put(0, 2);
    bench.put(1, 1);
    Patient patient(bench);
    patient.begin();
    patient.io.inputs()[0].parked = true;
    for (int step = 0; step < 10 && patient.careful.active(); ++step)
      CHECK(patient.step(kNoConditions).shown[0] == 0);
    CHECK_FALSE(patient.careful.active());
    CHECK(patient.taken(1) == 1);
  }

  TEST_CASE("while a step runs its suspect stands in shared memory, and no longer once it is committed") {
    IoBench bench;
    bench.add_input(Kind::Numbers);
    bench.put(0, 1);
    Patient patient(bench);
    patient.begin();
    patient.look();
    patient.careful.narrow(kNoConditions);
    const ipc::Mapping seen_by_steadyd = bench.ipc.actor("x");
    const auto& process = seen_by_steadyd.at<ipc::ActorWords>(ipc::kActorWordsOffset)->process;
    CHECK(process.suspect_reader.load() == bench.ipc.input(bench.input_channel(0), "x").incarnation());
    CHECK(process.suspect_sequence.load() == 0);
    CHECK_FALSE(patient.careful.settle(true));
    CHECK(process.suspect_reader.load() == 0);
  }

  TEST_CASE("any actor gets through, whatever it needs to see at once, and only a lone message is ever suspect") {
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
      INFO("seed " << seed);
      std::mt19937 dice(seed);
      const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(dice() % bound); };
      IoBench bench(8);
      const std::uint32_t ports = 1 + below(3);
      std::vector<std::uint64_t> needs;  // per lane: takes so many at a time, never less
      std::vector<std::uint32_t> port_of;
      for (std::uint32_t port = 0; port < ports; ++port) {
        const std::uint32_t lanes = 1 + below(3);
        bench.add_input(below(2) == 0 ? Kind::Numbers : Kind::Frames, lanes);
        for (std::uint32_t lane = 0; lane < lanes; ++lane) {
          needs.push_back(1 + (below(3) == 0 ? below(6) : 0));
          port_of.push_back(port);
        }
      }
      for (std::size_t lane = 0; lane < needs.size(); ++lane) bench.put(lane, needs[lane] * below(5), below(30));
      const bool pairs = below(3) == 0;  // takes only when all lanes show enough, until one is empty
      Patient patient(bench);
      const std::uint32_t shape = below(3);
      if (shape == 1) patient.when(0, STEADY_WHEN_TIMER, 0, 1);
      if (shape == 2)
        for (std::uint32_t port = 0; port < ports; ++port)  // one clause for each, or all in one
          patient.when(pairs ? 0 : port, STEADY_WHEN_INPUT, port, 1);
      patient.begin();
      const auto waiting = [&](std::size_t lane) { return patient.io.inputs()[lane].end.available_messages(); };
      const Takes takes = [&](const Counts& shown) {
        Counts taken = nothing(shown);
        bool all = true;
        for (std::size_t lane = 0; lane < shown.size(); ++lane)
          all = all && (shown[lane] >= needs[lane] || waiting(lane) == 0);
        if (pairs && !all) return taken;
        for (std::size_t lane = 0; lane < shown.size(); ++lane) taken[lane] = shown[lane] / needs[lane] * needs[lane];
        return taken;
      };
      int steps = 0;
      for (; steps < 5000 && patient.careful.active(); ++steps) {
        patient.look();
        std::optional<std::uint32_t> clause;
        if (shape == 1) clause = 0;
        if (shape == 2) {
          std::vector<std::uint32_t> holds;
          for (std::size_t lane = 0; lane < needs.size(); ++lane)
            if (waiting(lane) != 0) holds.push_back(pairs ? 0 : port_of[lane]);
          clause = holds[below(static_cast<std::uint32_t>(holds.size()))];
        }
        const Seen seen = patient.step(clause, takes, below(2) == 0);
        std::uint64_t shown = 0;
        for (const std::uint64_t count : seen.shown) shown += count;
        REQUIRE(seen.suspect.has_value() == (shown == 1));
      }
      REQUIRE_FALSE(patient.careful.active());
    }
  }
}

}  // namespace steady::worker
