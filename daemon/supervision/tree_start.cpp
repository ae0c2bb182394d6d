// Starting: in order, each ready before the next.
#include <algorithm>

#include "base/assert.hpp"
#include "supervision/tree.hpp"

namespace steady::supervision {

namespace {

/// Those after it in the start order need not wait for it (any longer).
bool lets_others_pass(const Node& node) {
  return node.state == State::Running || at_rest(node.state);
}

/// Whether a child waits for those before it. Under one_for_one only at first: later each restarts for itself.
bool turn_matters(const Node& supervisor) {
  return supervisor.supervisor->strategy != config::Strategy::OneForOne || supervisor.state == State::Starting;
}

}  // namespace

bool Tree::may_start_children(const Node& supervisor) const {
  const bool up = supervisor.state == State::Starting || supervisor.state == State::Running;
  return up && !supervisor.leaving && !goes_down_with_a_supervisor(supervisor);
}

void Tree::start_what_is_due(Node& supervisor) {
  const std::vector<NodeIndex>& children = supervisor.supervisor->children;
  const auto leaves = [&](NodeIndex child) { return nodes_[child].leaving; };
  if (!may_start_children(supervisor) || std::any_of(children.begin(), children.end(), leaves)) return;
  for (const NodeIndex index : children) {
    Node& child = nodes_[index];
    if (child.state == State::Waiting && child.not_before <= now_) begin_start(child);
    if (turn_matters(supervisor) && !lets_others_pass(child)) return;
  }
}

void Tree::begin_start(Node& node) {
  node.state = State::Starting;
  node.reason.clear();
  if (node.worker) {
    start_worker(node);
  } else {
    node.supervisor->budget.clear();
    node.supervisor->gave_up = false;
    node.supervisor->why.clear();
    advance_starts(node);
  }
  node.asked_by_operator = false;
}

void Tree::start_worker(Node& node) {
  WorkerPart& worker = *node.worker;
  STEADY_ASSERT(worker.startable && !worker.held);
  worker.kill_sent = false;
  if (worker.starts > 0 && !node.asked_by_operator) ++worker.restarts;
  ++worker.starts;
  if (worker.start_timeout.count() > 0) node.deadline = now_ + worker.start_timeout;
  actions_.emplace_back(Start{.child = worker.id, .attempt = node.backoff.failures_in_a_row()});
}

void Tree::note_started(Node& supervisor) {
  const std::vector<NodeIndex>& children = supervisor.supervisor->children;
  const auto passed = [&](NodeIndex child) { return lets_others_pass(nodes_[child]); };
  if (supervisor.state != State::Starting || !may_start_children(supervisor)) return;
  if (!std::all_of(children.begin(), children.end(), passed)) return;
  supervisor.state = State::Running;
  supervisor.ready_since = now_;
  supervisor.failed_starts_in_a_row = 0;
  changed_ = true;
}

void Tree::wait(Node& node, TimePoint not_before, const std::string& reason) {
  STEADY_ASSERT(!node.leaving);
  node.state = State::Waiting;
  node.not_before = not_before;
  node.reason = reason;
  node.deadline.reset();
  if (node.supervisor) wait_afresh(node);
  changed_ = true;
}

// A supervisor that starts knows nothing of its previous life: what had finished or failed in it starts again too.
void Tree::wait_afresh(Node& supervisor) {
  for (const NodeIndex index : supervisor.supervisor->children) {
    Node& child = nodes_[index];
    STEADY_ASSERT(!is_active(child.state));
    const bool stays_down = child.worker && (child.worker->held || !child.worker->startable);
    if (!stays_down) wait(child, TimePoint::zero(), "waits for its turn to start");
  }
}

}  // namespace steady::supervision
