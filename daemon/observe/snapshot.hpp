// What steadyd sees at one instant, as plain values. The runtime fills one per frame; every view of it (metrics, graph,
// page, steadyctl) is a pure function of it, so each can be tested without a daemon. Immutable once filled.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace steady::observe {

/// A quantity over the last seconds. All zero while `count` is.
struct Statistic {
  std::uint64_t count = 0;  ///< samples, or events that they stand for
  double now = 0;           ///< the latest, or of a histogram the mean
  double mean = 0;
  double min = 0;
  double max = 0;
  double deviation = 0;     ///< standard deviation
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double p999 = 0;
};

/// Upper bounds of the buckets that a Distribution counts: 2^10, 2^12, ... 2^34 nanoseconds, from a microsecond to 17 s.
/// Each is also a bound of the finer buckets that were counted, so nothing is estimated.
inline constexpr std::size_t kDistributionBuckets = 13;
[[nodiscard]] constexpr std::uint64_t distribution_bound_ns(std::size_t bucket) {
  return std::uint64_t{1} << (10 + 2 * bucket);
}

/// Durations since the beginning of the channel or actor, for a Prometheus histogram.
struct Distribution {
  std::uint64_t count = 0;
  double sum_seconds = 0;
  std::array<std::uint64_t, kDistributionBuckets> below{};  ///< cumulative, by distribution_bound_ns()
};

/// A trigger of the configuration, and whether its condition holds.
struct TriggerSnapshot {
  std::string when;    ///< as the user wrote it: "fill.p90 > 80%"
  std::string colour;  ///< yellow, orange or red
  bool active = false;
  std::optional<double> value;  ///< of its statistic now, in base units; empty when there was nothing to measure
};

/// One reader of a channel and how far it is.
struct ChannelReader {
  std::string actor;
  std::string port;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t inflight_messages = 0;
  double fill_ratio = 0;  ///< 0 to 1: the part of the ring that waits for this reader
  Statistic fill;         ///< fill_ratio over the last seconds
  Statistic latency_seconds;     ///< from the commit that put a message to the commit that took it
  Distribution latency;          ///< the same since the channel was created
  double waiting_seconds = 0;    ///< age of the oldest message that is marked and not taken; 0: none is
  std::uint64_t min = 1;               ///< messages that must wait before it runs
  std::optional<std::uint64_t> max{};  ///< that a step of it sees at most; empty: no bound of its own
  std::optional<double> max_wait_seconds{};  ///< runs with fewer than min after so long; empty: never
};

struct ChannelSnapshot {
  std::string name;  ///< "actor.port" of the producer
  std::string from_actor;
  std::string from_port;
  std::vector<ChannelReader> readers;
  std::string message_type;
  bool frames = false;                  ///< variable-size messages: the capacity is counted in bytes only
  std::uint64_t capacity_messages = 0;  ///< 0 when the channel carries frames
  std::uint64_t capacity_bytes = 0;
  std::uint64_t window_messages = 0;    ///< of the capacity what may be in flight; 0 when the channel carries frames
  std::uint64_t window_bytes = 0;       ///< likewise
  std::string window_from;              ///< who says so: default, configuration, operator or latency_target
  std::uint64_t messages_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t inflight_messages = 0;  ///< as the slowest reader sees it
  double fill_ratio = 0;                ///< likewise, 0 to 1
  double rate_messages_per_second = 0;
  Statistic rate;  ///< messages per second over the last seconds
  bool closed = false;
  bool injectable = false;     ///< `steadyctl inject` may add messages while the producer runs
  std::map<std::string, std::string> placement;  ///< numa, lock_memory, huge_pages: those that are set
  double blocked_seconds = 0;  ///< how long the producer has waited for room, in all
  double blocked_ratio = 0;    ///< part of the last second that it did
  std::vector<TriggerSnapshot> triggers;
};

/// A counter or gauge that an actor declared for itself.
struct UserMetric {
  std::string name;
  std::string help;
  bool counter = false;
  double value = 0;
};

struct ActorSnapshot {
  std::string name;
  std::string plugin;
  std::string type;
  std::string worker;
  std::string state;   ///< one of kActorStates
  std::string reason;  ///< why it is in that state, in words; may be empty
  std::string note;    ///< the actor's own line about itself; may be empty
  bool up = false;
  int pid = 0;  ///< 0: no process
  std::string standby;  ///< of the spare beside its worker: none, starting or ready; empty: it is to have none
  int standby_pid = 0;  ///< 0: no process
  std::uint64_t generation = 0;
  std::map<std::string, std::uint64_t> restarts;   ///< by cause: crash, exit, killed, start_failed, operator, ...
  std::map<std::string, std::uint64_t> incidents;  ///< by cause
  std::uint64_t dead_letters = 0;                  ///< messages of it that were set aside, since steadyd started
  std::uint64_t steps = 0;
  double steps_per_second = 0;
  Statistic step_seconds;    ///< how long steps take
  Distribution step;         ///< the same since the actor's segment was created
  Statistic batch_messages;  ///< messages that a step takes, or puts when it takes none
  std::string activity;      ///< starting, running, waiting_for_input, waiting_for_room, waiting_for_timer, done
  double waited_for_input_seconds = 0;  ///< in all, likewise the next two
  double waited_for_room_seconds = 0;
  double waited_for_timer_seconds = 0;
  double input_ratio = 0;  ///< part of the last second that it waited for input, likewise the next two
  double room_ratio = 0;
  double timer_ratio = 0;
  std::string blocked_by;       ///< the actor that it waits for; empty: nobody
  std::string blocked_channel;  ///< the channel that they share
  std::string culprit;          ///< who is at the end of that chain: the name of a bottleneck, or empty
  double cpu_seconds = 0;       ///< of its thread
  Statistic cpu;                ///< cores in use, 1.0 is one whole core, over the last seconds
  int core = -1;                ///< on which its thread ran last; -1: unknown
  std::uint64_t context_switches = 0;  ///< how often the kernel has put its thread on a core, this generation
  std::uint64_t memory_bytes = 0;      ///< of its worker
  std::uint64_t state_bytes = 0;
  std::map<std::string, std::string> placement;  ///< of its worker: cpus, nice, sched, numa, lock_memory: those set
  std::vector<UserMetric> metrics;
  std::optional<double> retry_in_seconds;  ///< set while a back-off delay runs
  std::vector<TriggerSnapshot> triggers;
};

/// Every value that ActorSnapshot::state may have, in the order of an actor's life.
inline constexpr const char* kActorStates[] = {"stopped",  "waiting",  "starting", "running",
                                               "stopping", "finished", "failed"};

/// All channels between two actors, for which the configuration names a target.
struct PathSnapshot {
  std::string from;
  std::string to;
  double target_seconds = 0;
  std::optional<double> p99_seconds;  ///< from end to end lately, at most; empty: nothing was measured
  std::string state;                  ///< one of kPathStates
  std::vector<std::string> channels;
};

inline constexpr const char* kPathStates[] = {"idle", "holding", "missing"};

struct SupervisorSnapshot {
  std::string name;
  std::string strategy;
  std::string parent;  ///< empty for the root
  unsigned intensity = 0;
  unsigned used = 0;  ///< restarts that count against the intensity now
  double period_seconds = 0;
  std::optional<double> resets_in_seconds;  ///< until the oldest counted restart is forgotten
  bool failed = false;
  std::string why;  ///< why it failed; empty otherwise
};

/// An actor that holds others back.
struct Bottleneck {
  std::string actor;
  std::string why;                      ///< "is busy", "waits for its timer", "is failed", ...
  std::vector<std::string> holds_back;  ///< nearest first
  double blocked_ratio = 0;             ///< the most that one of those waits for room, of the last second
};

/// Actors that wait for each other in a circle, each for the next one, and do nothing else.
struct Deadlock {
  std::vector<std::string> actors;
  std::vector<std::string> channels;  ///< channels[i] is what actors[i] waits on
};

struct Snapshot {
  std::string name;
  std::string version;
  double uptime_seconds = 0;
  bool ready = false;
  std::vector<std::string> not_ready;  ///< one reason each; empty when ready
  bool stopping = false;
  bool draining = false;  ///< sources have been told to end; what is under way runs empty
  std::uint64_t topology_version = 0;  ///< changes when actors or channels come or go
  std::uint64_t segments_quarantined = 0;
  std::vector<ActorSnapshot> actors;
  std::vector<ChannelSnapshot> channels;
  std::vector<PathSnapshot> paths;  ///< in the order of the configuration
  std::vector<SupervisorSnapshot> supervisors;
  std::vector<Bottleneck> bottlenecks;  ///< the worst first
  std::vector<Deadlock> deadlocks;
};

}  // namespace steady::observe
