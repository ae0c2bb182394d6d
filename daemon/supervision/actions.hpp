// What the supervision tree is told and what it answers. Plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace steady::supervision {

/// Monotonic time since any epoch. Events must bring times that do not go back; an earlier one is taken as the latest.
using TimePoint = std::chrono::nanoseconds;

using ChildId = std::size_t;       ///< a worker: its index in the list that the tree was built from
using SupervisorId = std::size_t;  ///< a supervisor: its place in the configuration, depth first; the root is 0

/// How a worker's process ended, when nobody asked it to.
enum class Exit : std::uint8_t {
  Normal,       ///< code 0, by its own decision
  Finished,     ///< its streams ended: inputs closed and empty, outputs closed
  Abnormal,     ///< a signal, another code, or the watchdog's kill
  StartFailed,  ///< it could not be spawned, or it ended before it was ready
};

enum class KillReason : std::uint8_t {
  StartTimedOut,        ///< not ready within start_timeout
  GraceOver,            ///< asked to stop, and still there when its shutdown time was over
  BrutalKill,           ///< `shutdown: brutal_kill`
  SupervisorGraceOver,  ///< the shutdown time of a supervisor above it was over
};

/// Spawn the worker. Its previous process is gone.
struct Start {
  ChildId child = 0;
  unsigned attempt = 0;  ///< failures in a row before this start
};

/// Ask the worker to stop; its grace runs from now.
struct Terminate {
  ChildId child = 0;
};

/// SIGKILL. The answer is still exited().
struct Kill {
  ChildId child = 0;
  KillReason reason = KillReason::GraceOver;
};

/// For the log: a worker failed and will be started again `delay` after the failure, or as soon as its turn comes.
struct Restarting {
  ChildId child = 0;
  std::string why;
  std::chrono::nanoseconds delay{};
};

/// For the log: the same for a supervisor that gave up or shut itself down, with everything beneath it.
struct RestartingSupervisor {
  SupervisorId supervisor = 0;
  std::string why;
  std::chrono::nanoseconds delay{};
};

/// For the log: the budget is used up. What follows (escalation, degrade, exit) comes as further actions.
struct GaveUp {
  SupervisorId supervisor = 0;
  std::string why;
};

/// Nothing runs and nothing will: the daemon ends. Comes once, last.
struct Shutdown {
  int exit_code = 0;
  std::string why;
};

using Action = std::variant<Start, Terminate, Kill, Restarting, RestartingSupervisor, GaveUp, Shutdown>;
using Actions = std::vector<Action>;

}  // namespace steady::supervision
