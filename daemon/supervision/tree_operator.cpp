// What an operator may ask for, and what it changes. A refused order is no event: time does not move, and what is due
// stays due.
#include <algorithm>

#include "supervision/tree.hpp"

namespace steady::supervision {

namespace {

/// On its way out, and back again afterwards.
bool is_being_restarted(const Node& node) {
  return (node.leaving || node.state == State::Stopping) && node.after == After::Again;
}

}  // namespace

void Tree::set_startable(ChildId child, bool startable, const std::string& why) {
  Node& worker = nodes_[workers_[child]];
  worker.worker->startable = startable;
  if (startable || !at_rest(worker.state)) return;
  worker.state = State::Failed;
  worker.reason = why;
}

Result<Actions> Tree::operator_start(ChildId child, TimePoint now) {
  Node& worker = nodes_[workers_.at(child)];
  if (Status accepted = may_start(worker, now); !accepted) return tl::unexpected(std::move(accepted).error());
  const bool stays = !worker.leaving && (worker.state == State::Running || worker.state == State::Starting);
  if (stays) return fail(ErrorCode::Busy, "worker '" + worker.name + "' is already running");
  begin_event(now);
  bring_back(worker);
  return finish_event();
}

Result<Actions> Tree::operator_restart(ChildId child, TimePoint now) {
  Node& worker = nodes_[workers_.at(child)];
  if (Status accepted = may_start(worker, now); !accepted) return tl::unexpected(std::move(accepted).error());
  const bool stays = !worker.leaving && (worker.state == State::Running || worker.state == State::Starting);
  begin_event(now);
  if (stays) {
    forgive(worker);
    worker.after = After::Again;
    worker.not_before = now_;
    worker.reason = "restarted by the operator";
    stop_process(worker);
  } else {
    bring_back(worker);
  }
  return finish_event();
}

Result<Actions> Tree::operator_stop(ChildId child, TimePoint now, const std::string& reason) {
  Node& worker = nodes_[workers_.at(child)];
  if (Status accepted = accepts_orders(worker); !accepted) return tl::unexpected(std::move(accepted).error());
  if (worker.worker->held) {
    const bool gone_already = at_rest(worker.state);
    return fail(ErrorCode::Busy, "worker '" + worker.name + (gone_already ? "' is already stopped" : "' is stopping"));
  }
  begin_event(now);
  hold(worker, reason);
  forget_giving_up();
  return finish_event();
}

Status Tree::accepts_orders(const Node& worker) const {
  if (ending()) return fail(ErrorCode::Busy, "the service is stopping");
  if (at_rest(root().state)) return fail(ErrorCode::Busy, "the service has not started");
  if (!worker.worker->startable) {
    return fail(ErrorCode::Invalid, "worker '" + worker.name + "' cannot run: " + worker.reason);
  }
  return {};
}

Status Tree::may_start(const Node& worker, TimePoint now) const {
  if (Status accepted = accepts_orders(worker); !accepted) return accepted;
  if (goes_down_with_a_supervisor(worker)) {
    return fail(ErrorCode::Busy, "a supervisor of worker '" + worker.name + "' is stopping; try again when it has");
  }
  if (is_being_restarted(worker))
    return fail(ErrorCode::Busy, "worker '" + worker.name + "' is already being restarted");
  if (worker.state == State::Waiting && !backs_off(worker, now)) {
    return fail(ErrorCode::Busy, "worker '" + worker.name + "' already waits for its turn to start");
  }
  return {};
}

void Tree::bring_back(Node& worker) {
  worker.worker->held = false;
  // A supervisor that is down starts as a whole: the outermost one that is.
  Node* down = &worker;
  for (NodeIndex above = worker.parent; above != kNoNode; above = nodes_[above].parent) {
    if (at_rest(nodes_[above].state)) down = &nodes_[above];
  }
  if (down->state != State::Waiting) revive_with_its_group(*down);
  end_backoff(worker);
  forget_giving_up();
}

void Tree::revive_with_its_group(Node& node) {
  const Node& supervisor = parent_of(node);
  const bool fell_together = node.given_up && supervisor.supervisor->strategy != config::Strategy::OneForOne;
  revive(node);
  if (!fell_together) return;
  for (const NodeIndex sibling : supervisor.supervisor->children) {
    if (nodes_[sibling].given_up) revive(nodes_[sibling]);
  }
}

void Tree::revive(Node& node) {
  forgive(node);
  const std::string reason = "started by the operator";
  if (at_rest(node.state)) return wait(node, now_, reason);
  node.after = After::Again;
  node.not_before = now_;
  node.reason = reason;
}

void Tree::forgive(Node& node) {
  node.given_up = false;
  node.asked_by_operator = true;
  node.failed_starts_in_a_row = 0;
  node.backoff.reset();
  if (!node.supervisor) return;
  for (const NodeIndex child : node.supervisor->children) forgive(nodes_[child]);
}

bool Tree::backs_off(const Node& worker, TimePoint now) const {
  if (worker.state == State::Waiting && worker.not_before > now) return true;
  return worker.parent != kNoNode && backs_off(nodes_[worker.parent], now);
}

// A restarting group shares its delay, so it ends for all of them.
void Tree::end_backoff(Node& worker) {
  for (Node* node = &worker; node->parent != kNoNode; node = &parent_of(*node)) {
    const SupervisorPart& supervisor = *parent_of(*node).supervisor;
    if (node->state == State::Waiting) forgive(*node);
    if (node->state == State::Waiting) node->not_before = std::min(node->not_before, now_);
    if (supervisor.strategy == config::Strategy::OneForOne) continue;
    for (const NodeIndex sibling : supervisor.children) {
      nodes_[sibling].not_before = std::min(nodes_[sibling].not_before, now_);
    }
  }
}

void Tree::hold(Node& worker, const std::string& reason) {
  worker.worker->held = true;
  worker.given_up = false;
  worker.after = After::Stopped;
  if (!is_active(worker.state)) return rest(worker, State::Stopped, reason);
  worker.reason = reason;
  if (!worker.leaving && !goes_down_with_a_supervisor(worker)) stop_process(worker);
}

void Tree::forget_giving_up() {
  SupervisorPart& top = *root().supervisor;
  for (const NodeIndex child : top.children) {
    if (nodes_[child].given_up) return;
  }
  top.gave_up = false;
  top.why.clear();
}

}  // namespace steady::supervision
