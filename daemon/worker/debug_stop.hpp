// Where a test wants an actor to stop inside a commit, so that it can be killed at that very instant.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>

#include "ipc/commit.hpp"
#include "ipc/protocol.hpp"

namespace steady::worker {

/// The commit hook of such an actor: raises SIGSTOP at one point of one commit.
class StopHook {
 public:
  /// `point`: an ipc::CommitPoint. `commit`: which of this process, from 1.
  StopHook(unsigned point, std::uint64_t commit) : point_(point), commit_(commit) {}

  void operator()(ipc::CommitPoint point) const {
    if (point == ipc::CommitPoint::BeforeRecord) ++commits_;
    if (commits_ == commit_ && static_cast<unsigned>(point) == point_) ::raise(SIGSTOP);
  }

 private:
  unsigned point_;
  std::uint64_t commit_;
  mutable std::uint64_t commits_ = 0;
};

/// Reads STEADY_DEBUG_COMMIT_STOP="ACTOR:POINT:COMMIT" for the actor of `plan`; anything else means never. Generation 0
/// only, so that the next generation gets past it.
[[nodiscard]] std::optional<StopHook> debug_stop_for(const ipc::ActorPlan& plan);

}  // namespace steady::worker
