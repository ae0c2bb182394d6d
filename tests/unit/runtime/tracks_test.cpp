#include "runtime/channel_track.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "runtime/actor_track.hpp"

namespace steady::runtime {
namespace {

using config::Aggregate;
using config::Measure;
using namespace std::chrono_literals;

ipc::ChannelSample sample_of(std::uint64_t sent, std::uint64_t taken, std::uint64_t other_taken) {
  ipc::ChannelSample sample;
  sample.capacity_bytes = 800;
  sample.tail_bytes = sent * 8;
  sample.tail_messages = sent;
  sample.readers = {{1, taken * 8, taken}, {2, other_taken * 8, other_taken}};
  return sample;
}

process::CoreTime core_time(std::chrono::nanoseconds ran, int core = 0) {
  process::CoreTime time;
  time.ran = ran;
  time.core = core;
  return time;
}

double shown_rate(const ChannelTrack& track) {
  observe::ChannelSnapshot shown;
  track.show(shown, false);
  return shown.rate_messages_per_second;
}

}  // namespace

TEST_SUITE("runtime/tracks") {
  TEST_CASE("a channel's fill is that of its fullest reader") {
    ChannelTrack track(2);
    track.frame(sample_of(50, 50, 10), 0s);
    CHECK(*track.measure(Measure::Fill, {}) == doctest::Approx(0.4));
    CHECK(*track.measure(Measure::Inflight, {}) == 40);
    track.frame(sample_of(50, 50, 30), 1s);
    CHECK(*track.measure(Measure::Inflight, {}) == 20);
    CHECK(*track.measure(Measure::Inflight, {Aggregate::Kind::Mean, 0}) == 30);
    CHECK(track.recent_fill(0) == 0);
    CHECK(track.empty(0));
    CHECK_FALSE(track.empty(1));
  }

  TEST_CASE("a channel's rate is that of its frames, and follows within seconds") {
    ChannelTrack track(2);
    for (int i = 0; i <= 50; ++i) track.frame(sample_of(static_cast<std::uint64_t>(i) * 10, 0, 0), i * 100ms);
    CHECK(*track.measure(Measure::Rate, {}) == doctest::Approx(100));
    CHECK(shown_rate(track) == doctest::Approx(100).epsilon(0.02));
    for (int i = 51; i <= 250; ++i) track.frame(sample_of(500, 0, 0), i * 100ms);
    CHECK(*track.measure(Measure::Rate, {Aggregate::Kind::Max, 0}) == 0);
    CHECK(shown_rate(track) == 0);
  }

  TEST_CASE("a ring that began anew gives no rate instead of a wrong one") {
    ChannelTrack track(2);
    track.frame(sample_of(1000, 0, 0), 0s);
    track.frame(sample_of(3, 0, 0), 1s);
    CHECK_FALSE(track.measure(Measure::Rate, {}));
  }

  TEST_CASE("a reader that steadyd cannot see shows as empty") {
    ChannelTrack track(3);
    track.frame(sample_of(50, 0, 0), 0s);
    CHECK(track.recent_fill(2) == 0);
    CHECK(track.empty(2));
  }

  TEST_CASE("cpu is the thread's time between two looks") {
    ActorTrack track;
    CHECK_FALSE(track.measure(Measure::Cpu, {}));
    track.look(core_time(1s), 10s);
    track.look(core_time(1500ms), 11s);
    CHECK(*track.measure(Measure::Cpu, {}) == doctest::Approx(0.5));
    observe::ActorSnapshot shown;
    track.show(shown, false);
    CHECK(shown.cpu_seconds == doctest::Approx(1.5));
    CHECK(shown.core == 0);
  }

  TEST_CASE("while nothing runs there is no cpu to measure, and a new generation goes on with the same window") {
    ActorTrack track;
    track.look(core_time(1s), 10s);
    track.look(core_time(2s), 11s);
    track.ended();
    CHECK_FALSE(track.measure(Measure::Cpu, {}));
    track.look(core_time(0s), 12s);
    CHECK(*track.measure(Measure::Cpu, {}) == doctest::Approx(1));
  }

  TEST_CASE("the time of generations that are gone stays counted") {
    ActorTrack track;
    track.look(core_time(2s), 10s);
    track.ended();
    track.look(core_time(1s), 12s);
    track.look(core_time(0s, -1), 13s);  // a thread that is gone says nothing
    observe::ActorSnapshot shown;
    track.show(shown, false);
    CHECK(shown.cpu_seconds == doctest::Approx(3));
  }

  TEST_CASE("a ratio is a part of the time between, whatever the counter does") {
    CHECK(ratio_of(500, 0, 1000ns) == 0.5);
    CHECK(ratio_of(5000, 0, 1000ns) == 1);
    CHECK(ratio_of(0, 500, 1000ns) == 0);
    CHECK(ratio_of(500, 0, 0ns) == 0);
  }
}

}  // namespace steady::runtime
