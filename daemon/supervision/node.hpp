// One place in the supervision tree: a worker or a supervisor. Only Tree uses it. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "supervision/actions.hpp"
#include "supervision/backoff.hpp"
#include "supervision/budget.hpp"

namespace steady::supervision {

/// Where a child is. The same words for a worker and for a supervisor with all beneath it.
enum class State : std::uint8_t {
  Stopped,   ///< at rest: not started yet, stopped by the operator, or stopped with its supervisor
  Waiting,   ///< will be started: its back-off runs, or its turn in the start order has not come
  Starting,  ///< the process exists, not ready yet; a supervisor: its children are being started in order
  Running,   ///< ready
  Stopping,  ///< asked to stop or killed; not gone yet
  Finished,  ///< at rest: ended by itself, and that was right
  Failed,    ///< at rest: ended by itself, and nobody restarts it
};

[[nodiscard]] constexpr bool at_rest(State state) {
  return state == State::Stopped || state == State::Finished || state == State::Failed;
}

/// Something of it exists, or may be about to: a process, or a supervisor at work.
[[nodiscard]] constexpr bool is_active(State state) {
  return !at_rest(state) && state != State::Waiting;
}

/// Of a worker: its process exists.
[[nodiscard]] constexpr bool has_process(State state) {
  return is_active(state);
}

/// What becomes of a child that is on its way out, once it is gone.
enum class After : std::uint8_t { Stopped, Failed, Again };

/// Why a supervisor is stopping.
enum class Ending : std::uint8_t { Ordered, GaveUp, AutoShutdown };

using NodeIndex = std::size_t;
inline constexpr NodeIndex kNoNode = std::numeric_limits<NodeIndex>::max();

/// What only a worker has.
struct WorkerPart {
  ChildId id = 0;
  std::chrono::nanoseconds start_timeout{};
  bool startable = true;
  bool held = false;  ///< the operator stopped it: no strategy may start it
  bool kill_sent = false;
  unsigned starts = 0;    ///< all of them
  unsigned restarts = 0;  ///< those that a strategy decided
};

/// What only a supervisor has.
struct SupervisorPart {
  SupervisorId id = 0;
  config::Strategy strategy = config::Strategy::OneForOne;
  config::AutoShutdown auto_shutdown = config::AutoShutdown::Never;
  config::OnGiveUp on_give_up = config::OnGiveUp::Degrade;
  config::Backoff backoff{};  ///< of its children
  Budget budget;
  std::vector<NodeIndex> children{};  ///< in start order
  Ending ending = Ending::Ordered;    ///< valid while Stopping
  bool gave_up = false;
  std::string why{};  ///< it gave up, or is ending
};

struct Node {
  std::string name{};
  NodeIndex parent = kNoNode;
  config::Restart restart = config::Restart::Permanent;
  config::Shutdown shutdown{};
  bool significant = false;
  Backoff backoff;

  State state = State::Stopped;
  std::string reason{};                 ///< why it failed, waits or rests; words without a full stop
  TimePoint not_before{};               ///< valid while Waiting, and while on its way out to come back
  std::optional<TimePoint> deadline{};  ///< kill when it passes: start timeout while Starting, grace while Stopping
  std::optional<TimePoint> ready_since{};
  bool leaving = false;  ///< its supervisor stops it when its turn comes, in reverse start order
  After after = After::Stopped;
  bool given_up = false;           ///< the root's budget was used up: only the operator starts it
  bool asked_by_operator = false;  ///< its next start is the operator's wish, no restart
  unsigned failed_starts_in_a_row = 0;

  std::optional<WorkerPart> worker{};  ///< exactly one of these two is set
  std::optional<SupervisorPart> supervisor{};
};

}  // namespace steady::supervision
