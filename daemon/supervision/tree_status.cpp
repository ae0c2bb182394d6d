// What the tree shows of itself.
#include <algorithm>

#include "supervision/tree.hpp"

namespace steady::supervision {

namespace {

bool is_wanted(const Node& node) {
  if (node.worker->held || node.state == State::Stopped || node.state == State::Finished) return false;
  const bool on_its_way_out = node.leaving || node.state == State::Stopping;
  return !on_its_way_out || node.after == After::Again;
}

}  // namespace

ChildStatus Tree::child(ChildId child) const {
  const Node& node = nodes_[workers_.at(child)];
  ChildStatus status{.name = node.name,
                     .supervisor = nodes_[node.parent].supervisor->id,
                     .state = node.state,
                     .wanted = is_wanted(node) && !goes_down_with_a_supervisor(node),
                     .restarts = node.worker->restarts,
                     .failures_in_a_row = node.backoff.failures_in_a_row(),
                     .retry_at = std::nullopt,
                     .reason = node.reason};
  // Beneath a supervisor on its way out the back-off is void: a fresh start knows nothing of it.
  if (node.state != State::Waiting || goes_down_with_a_supervisor(node)) return status;
  TimePoint earliest = node.not_before;
  for (NodeIndex above = node.parent; above != kNoNode; above = nodes_[above].parent) {
    if (nodes_[above].state == State::Waiting) earliest = std::max(earliest, nodes_[above].not_before);
  }
  if (earliest > now_) status.retry_at = earliest;
  return status;
}

SupervisorStatus Tree::supervisor(SupervisorId supervisor, TimePoint now) const {
  const Node& node = nodes_[supervisors_.at(supervisor)];
  const SupervisorPart& part = *node.supervisor;
  SupervisorStatus status{.name = node.name,
                          .parent = std::nullopt,
                          .state = node.state,
                          .strategy = part.strategy,
                          .intensity = part.budget.intensity(),
                          .period = part.budget.period(),
                          .used = part.budget.used(now),
                          .resets_at = part.budget.resets_at(now),
                          .failed = part.gave_up || node.state == State::Failed,
                          .why = {}};
  if (node.parent != kNoNode) status.parent = nodes_[node.parent].supervisor->id;
  if (status.failed) status.why = part.why.empty() ? node.reason : part.why;
  return status;
}

}  // namespace steady::supervision
