// Stopping: in reverse start order, each gone before the next is asked.
#include <algorithm>
#include <ranges>

#include "base/assert.hpp"
#include "supervision/tree.hpp"

namespace steady::supervision {

void Tree::begin_stop(Node& supervisor, Ending ending, const std::string& why) {
  supervisor.state = State::Stopping;
  supervisor.supervisor->ending = ending;
  supervisor.supervisor->why = why;
  const std::string reason = "stopped with supervisor '" + supervisor.name + "'";
  for (const NodeIndex index : supervisor.supervisor->children) {
    Node& child = nodes_[index];
    if (child.state == State::Waiting) rest(child, State::Stopped, reason);
    if (at_rest(child.state)) continue;
    child.leaving = true;
    child.after = After::Stopped;
    if (!child.worker || !child.worker->held) child.reason = reason;
  }
  if (ending == Ending::Ordered) run_grace(supervisor);
  changed_ = true;
}

void Tree::run_grace(Node& supervisor) {
  const std::optional<std::chrono::nanoseconds> grace = supervisor.shutdown.grace;
  if (!grace) return;
  if (grace->count() == 0) {
    kill_beneath(supervisor);
  } else {
    supervisor.deadline = now_ + *grace;
  }
}

void Tree::stop_in_reverse(Node& supervisor) {
  // A group restart stops halfway when the supervisor is itself to be stopped: those later in the order go first.
  const bool turn_has_come = supervisor.state == State::Stopping;
  if (!turn_has_come && (supervisor.leaving || goes_down_with_a_supervisor(supervisor))) return;
  for (const NodeIndex index : std::views::reverse(supervisor.supervisor->children)) {
    if (!nodes_[index].leaving) continue;
    stop_next(nodes_[index]);
    return;  // the one before it comes when this one is gone
  }
}

void Tree::stop_next(Node& node) {
  if (node.worker) {
    stop_process(node);
  } else if (node.state != State::Stopping) {
    begin_stop(node, Ending::Ordered, node.reason);
  } else if (node.supervisor->ending != Ending::Ordered) {
    // It is stopping of its own accord; now its supervisor waits for it, and not longer than its shutdown says.
    node.supervisor->ending = Ending::Ordered;
    run_grace(node);
  }
}

void Tree::stop_process(Node& worker) {
  if (worker.state == State::Stopping) return;
  worker.state = State::Stopping;
  worker.deadline.reset();
  if (worker.worker->kill_sent) return;
  const std::optional<std::chrono::nanoseconds> grace = worker.shutdown.grace;
  if (grace && grace->count() == 0) return kill(worker, KillReason::BrutalKill);
  actions_.emplace_back(Terminate{worker.worker->id});
  if (grace) worker.deadline = now_ + *grace;
}

void Tree::kill(Node& worker, KillReason reason) {
  if (worker.worker->kill_sent) return;
  worker.worker->kill_sent = true;
  worker.deadline.reset();
  if (reason == KillReason::StartTimedOut) worker.reason = "was not ready in time";
  actions_.emplace_back(Kill{.child = worker.worker->id, .reason = reason});
}

void Tree::kill_beneath(Node& supervisor) {
  for (const NodeIndex index : std::views::reverse(supervisor.supervisor->children)) {
    Node& child = nodes_[index];
    if (child.supervisor) kill_beneath(child);
    if (!child.worker || !has_process(child.state)) continue;
    child.state = State::Stopping;
    kill(child, KillReason::SupervisorGraceOver);
  }
}

void Tree::note_stopped(Node& supervisor) {
  if (supervisor.state != State::Stopping) return;
  const std::vector<NodeIndex>& children = supervisor.supervisor->children;
  const auto active = [&](NodeIndex child) { return is_active(nodes_[child].state); };
  if (std::none_of(children.begin(), children.end(), active)) supervisor_ended(supervisor);
}

// A child that was on its way out is out.
void Tree::gone(Node& node) {
  const After after = node.after;
  const std::string reason = node.reason;
  note_run_over(node);
  node.leaving = false;
  node.after = After::Stopped;
  switch (after) {
    case After::Again:
      return wait(node, node.not_before, reason);
    case After::Stopped:
      return rest(node, State::Stopped, reason);
    case After::Failed:
      return rest(node, State::Failed, reason);
  }
}

// A supervisor takes with it what waits beneath it, and when it failed, what it had stopped in failing.
void Tree::rest(Node& node, State state, const std::string& reason) {
  STEADY_ASSERT(at_rest(state) && !node.leaving);
  node.state = state;
  node.reason = reason;
  node.deadline.reset();
  changed_ = true;
  if (!node.supervisor) return;
  for (const NodeIndex index : node.supervisor->children) {
    Node& child = nodes_[index];
    const bool held = child.worker && child.worker->held;
    const bool falls = state == State::Failed && child.state == State::Stopped && !held;
    if (child.state == State::Waiting || falls) rest(child, state, reason);
  }
}

void Tree::note_run_over(Node& node) {
  if (!node.ready_since) return;
  node.backoff.ran(now_ - *node.ready_since);
  node.ready_since.reset();
}

void Tree::end_service(int exit_code, const std::string& why) {
  exit_code_ = exit_code;
  begin_stop(root(), Ending::Ordered, why);
}

}  // namespace steady::supervision
