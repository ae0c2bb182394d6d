#include "supervision/tree.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace steady::supervision {

Tree::Tree(const config::Supervisor& root, const std::vector<WorkerSpec>& workers, std::uint64_t seed)
    : workers_(workers.size(), kNoNode), random_(seed) {
  add_supervisor(root, kNoNode, workers);
  STEADY_ASSERT(std::find(workers_.begin(), workers_.end(), kNoNode) == workers_.end());
}

NodeIndex Tree::add_node(Node node) {
  const NodeIndex index = nodes_.size();
  if (node.parent != kNoNode) parent_of(node).supervisor->children.push_back(index);
  nodes_.push_back(std::move(node));
  return index;
}

NodeIndex Tree::add_supervisor(const config::Supervisor& spec, NodeIndex parent, const std::vector<WorkerSpec>& specs) {
  Node node{.name = spec.name,
            .parent = parent,
            .restart = spec.restart,
            .shutdown = spec.shutdown,
            .significant = spec.significant,
            .backoff = Backoff(parent == kNoNode ? spec.backoff : nodes_[parent].supervisor->backoff),
            .supervisor = SupervisorPart{.id = supervisors_.size(),
                                         .strategy = spec.strategy,
                                         .auto_shutdown = spec.auto_shutdown,
                                         .on_give_up = spec.on_give_up,
                                         .backoff = spec.backoff,
                                         .budget = Budget(spec.intensity, spec.period)}};
  const NodeIndex index = add_node(std::move(node));
  supervisors_.push_back(index);
  for (const config::Supervisor::Child& child : spec.children) {
    if (const auto* actor = std::get_if<std::string>(&child)) {
      add_worker(*actor, index, specs);
    } else {
      add_supervisor(std::get<config::Supervisor>(child), index, specs);
    }
  }
  return index;
}

void Tree::add_worker(const std::string& actor, NodeIndex parent, const std::vector<WorkerSpec>& specs) {
  const auto found = std::find_if(specs.begin(), specs.end(), [&](const WorkerSpec& spec) {
    return std::find(spec.actors.begin(), spec.actors.end(), actor) != spec.actors.end();
  });
  STEADY_ASSERT(found != specs.end());
  const auto id = static_cast<ChildId>(found - specs.begin());
  if (workers_[id] != kNoNode) return;  // another actor of it was listed before
  const ChildSpec& spec = found->child;
  Node node{.name = spec.name,
            .parent = parent,
            .restart = spec.restart,
            .shutdown = spec.shutdown,
            .significant = spec.significant,
            .backoff = Backoff(nodes_[parent].supervisor->backoff),
            .worker = WorkerPart{.id = id, .start_timeout = spec.start_timeout, .startable = spec.startable}};
  if (!spec.startable) {
    node.state = State::Failed;
    node.reason = spec.unstartable.empty() ? "its plugin cannot be used" : spec.unstartable;
  }
  workers_[id] = add_node(std::move(node));
}

std::size_t Tree::place_of(const Node& node) const {
  const std::vector<NodeIndex>& siblings = nodes_[node.parent].supervisor->children;
  const auto index = static_cast<NodeIndex>(&node - nodes_.data());
  return static_cast<std::size_t>(std::find(siblings.begin(), siblings.end(), index) - siblings.begin());
}

bool Tree::goes_down_with_a_supervisor(const Node& node) const {
  for (NodeIndex above = node.parent; above != kNoNode; above = nodes_[above].parent) {
    if (nodes_[above].leaving || nodes_[above].state == State::Stopping) return true;
  }
  return false;
}

Actions Tree::start(TimePoint now) {
  begin_event(now);
  if (root().state == State::Stopped && !over_) {
    wait_afresh(root());
    begin_start(root());
  }
  return finish_event();
}

Actions Tree::ready(ChildId child, TimePoint now) {
  begin_event(now);
  Node& node = nodes_[workers_.at(child)];
  if (node.state == State::Starting && !node.worker->kill_sent) {
    node.state = State::Running;
    node.reason.clear();
    node.deadline.reset();
    node.ready_since = now_;
    node.failed_starts_in_a_row = 0;
  }
  return finish_event();
}

Actions Tree::exited(ChildId child, Exit exit, TimePoint now) {
  begin_event(now);
  Node& node = nodes_[workers_.at(child)];
  if (has_process(node.state)) worker_ended(node, exit);
  return finish_event();
}

Actions Tree::tick(TimePoint now) {
  begin_event(now);
  return finish_event();
}

Actions Tree::stop_all(TimePoint now) {
  begin_event(now);
  if (!ending()) end_service(0, "asked to stop");
  return finish_event();
}

void Tree::begin_event(TimePoint now) {
  now_ = std::max(now_, now);
}

// Whatever ends is followed to its last consequence before anything is started: a start that the next decision would
// take back is never given.
Actions Tree::finish_event() {
  expire_deadlines();
  do {
    do {
      changed_ = false;
      advance_stops(root());
    } while (changed_);
    advance_starts(root());
  } while (changed_);
  return std::exchange(actions_, {});
}

// Innermost first, so that a supervisor sees its children as they are now. What a supervisor decides about itself
// concerns its parent and siblings, which may have been looked at already: changed_ asks for another round.
void Tree::advance_stops(Node& supervisor) {
  if (!is_active(supervisor.state)) return;
  for (const NodeIndex child : supervisor.supervisor->children) {
    if (nodes_[child].supervisor) advance_stops(nodes_[child]);
  }
  stop_in_reverse(supervisor);
  note_stopped(supervisor);
}

void Tree::advance_starts(Node& supervisor) {
  if (!is_active(supervisor.state)) return;
  for (const NodeIndex child : supervisor.supervisor->children) {
    if (nodes_[child].supervisor) advance_starts(nodes_[child]);
  }
  start_what_is_due(supervisor);
  note_started(supervisor);
}

void Tree::expire_deadlines() {
  for (Node& node : nodes_) {
    if (!node.deadline || *node.deadline > now_) continue;
    node.deadline.reset();
    if (node.supervisor) {
      kill_beneath(node);
    } else {
      kill(node, node.state == State::Starting ? KillReason::StartTimedOut : KillReason::GraceOver);
    }
  }
}

std::optional<TimePoint> Tree::next_timer() const {
  std::optional<TimePoint> next;
  const auto consider = [&next](TimePoint time) { next = next ? std::min(*next, time) : time; };
  for (const Node& node : nodes_) {
    if (node.deadline) consider(*node.deadline);
    // An earlier time has been dealt with: that child now waits for its turn, which no clock brings.
    if (node.state == State::Waiting && node.not_before > now_) consider(node.not_before);
  }
  return next;
}

bool Tree::ending() const {
  return over_ || root().state == State::Stopping;
}

}  // namespace steady::supervision
