// What steadyd sees at one instant, as plain values. The runtime fills one per frame; every view of it (metrics, graph,
// page, steadyctl) is a pure function of it, so each can be tested without a daemon. Immutable once filled.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace steady::observe {

/// One reader of a channel and how far it is.
struct ChannelReader {
  std::string actor;
  std::string port;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t inflight_messages = 0;
  double fill_ratio = 0;  ///< 0 to 1: the part of the ring that waits for this reader
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
  std::uint64_t messages_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t inflight_messages = 0;  ///< as the slowest reader sees it
  double fill_ratio = 0;                ///< likewise, 0 to 1
  double rate_messages_per_second = 0;
  bool closed = false;
  double blocked_seconds = 0;  ///< how long the producer has waited for room, in all
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
  std::uint64_t generation = 0;
  std::map<std::string, std::uint64_t> restarts;   ///< by cause: crash, exit, killed, start_failed, operator, ...
  std::map<std::string, std::uint64_t> incidents;  ///< by cause
  std::uint64_t dead_letters = 0;                  ///< messages of it that were set aside, since steadyd started
  std::uint64_t steps = 0;
  double cpu_seconds = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t state_bytes = 0;
  std::vector<UserMetric> metrics;
  std::optional<double> retry_in_seconds;  ///< set while a back-off delay runs
};

/// Every value that ActorSnapshot::state may have, in the order of an actor's life.
inline constexpr const char* kActorStates[] = {"stopped",  "waiting",  "starting", "running",
                                               "stopping", "finished", "failed"};

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

struct Snapshot {
  std::string name;
  std::string version;
  double uptime_seconds = 0;
  bool ready = false;
  std::vector<std::string> not_ready;  ///< one reason each; empty when ready
  bool stopping = false;
  std::uint64_t topology_version = 0;  ///< changes when actors or channels come or go
  std::uint64_t segments_quarantined = 0;
  std::vector<ActorSnapshot> actors;
  std::vector<ChannelSnapshot> channels;
  std::vector<SupervisorSnapshot> supervisors;
};

}  // namespace steady::observe
