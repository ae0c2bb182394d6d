// Holds the latency target of a path: from what was measured lately and the last decision to the next windows of its
// channels. Pure: no clock, no I/O; one decision per interval.
//
// A queue of w messages that are taken at the rate r is w / r old (Little): where the window is what makes messages wait,
// latency is proportional to it, so the window is multiplied by what latency should be over what it is. Down at once, up by
// degrees, and not at all in between.
//
// Where only few messages are old, since somebody was not on a core for a moment, or where smaller windows did not help,
// something else makes messages wait. Then a window is what the law asks for at the target, and as much again: that bounds
// what a pause can pile up, and less would only cost throughput.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/histogram.hpp"
#include "config/model.hpp"
#include "config/routes.hpp"

namespace steady::runtime {

/// How much time is between two decisions, at least.
inline constexpr std::chrono::nanoseconds kControlInterval = std::chrono::milliseconds(250);

struct PathShape {
  std::vector<config::Hop> hops;  ///< as find_routes() has them
  double target_seconds = 0;
};

/// What one hop did in the last interval.
struct HopMeasure {
  std::optional<double> latency_seconds;  ///< by hop_percent(); empty: no message was timed
  double median_seconds = 0;              ///< of the same messages
  std::uint64_t in_flight = 0;            ///< now, in the unit of the window; more than that after a cut
  double rate = 0;                        ///< taken per second, in the unit of the window
  double blocked_ratio = 0;               ///< part of the interval that the producer waited for room
  std::uint64_t window = 0;               ///< as it was
  std::uint64_t least = 1;                ///< what a step of the reader needs
  std::uint64_t most = 1;                 ///< what the ring holds, or the configuration allows
};

struct LatencyDecision {
  enum class State { Idle, Holding, Missing } state = State::Idle;  ///< in the order of observe::kPathStates
  double p99_seconds = 0;              ///< from end to end, at most; of a path that is not idle
  std::vector<std::uint64_t> windows;  ///< per hop; empty before the first decision

  // What the next decision needs to know.
  std::vector<double> peaks;           ///< per hop: the highest rate lately
  unsigned settling = 0;               ///< intervals in which messages from under other windows are still timed
  unsigned quiet = 0;                  ///< intervals without any message
  double cut_at_seconds = 0;           ///< latency that led to the last cut; 0: there was none
  unsigned cuts = 0;                   ///< since the target was held last
  unsigned futile = 0;                 ///< of these the last ones, which made no difference
  unsigned patience = 0;               ///< intervals until it is tried again
  std::vector<std::uint64_t> before;   ///< windows before the first of the cuts
};

/// The percentile to look at in each hop, so that the sum along any route is exceeded by no more than one message in a
/// hundred, however hops depend on each other.
[[nodiscard]] double hop_percent(const std::vector<config::Hop>& hops);

[[nodiscard]] LatencyDecision decide(const PathShape& path, const LatencyDecision& last,
                                     std::span<const HopMeasure> hops);

/// A path of the configuration while its target is being held.
struct HeldPath {
  config::Path spec;
  PathShape shape;
  LatencyDecision decision;
  std::vector<Histogram> latencies;      ///< per hop, at the last decision; likewise the next
  std::vector<std::uint64_t> blocked_ns;
  std::vector<std::uint64_t> taken;      ///< in the unit of the window
  std::chrono::nanoseconds decided_at{};
  std::chrono::nanoseconds missed_since{};  ///< 0: it is not missed
  bool complained = false;
};

}  // namespace steady::runtime
