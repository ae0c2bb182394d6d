// A child ended by itself: restart it, its group, or give up.
#include <algorithm>

#include "base/units.hpp"
#include "supervision/tree.hpp"

namespace steady::supervision {

namespace {

bool deserves_restart(config::Restart restart, Exit exit) {
  switch (restart) {
    case config::Restart::Permanent:
      return exit != Exit::Finished;
    case config::Restart::Transient:
      return exit == Exit::Abnormal || exit == Exit::StartFailed;
    case config::Restart::Temporary:
      return false;
  }
  return false;
}

std::string in_words(const Node& worker, Exit exit) {
  switch (exit) {
    case Exit::Normal:
      return "it ended by itself";
    case Exit::Finished:
      return "its streams ended";
    case Exit::Abnormal:
      return "it died";
    case Exit::StartFailed:
      break;
  }
  if (!worker.worker->kill_sent) return "it ended before it was ready";
  return "it was not ready within " + format_duration(worker.worker->start_timeout);
}

std::string called(const Node& node) {
  return (node.worker ? "worker '" : "supervisor '") + node.name + "'";
}

/// Restarted when its group is, although it did not fail.
bool belongs_to_its_group(const Node& node) {
  const bool stays_down = node.worker && (node.worker->held || !node.worker->startable);
  return !stays_down && !node.given_up && node.restart != config::Restart::Temporary;
}

std::string too_many_restarts(const Budget& budget) {
  return "more than " + std::to_string(budget.intensity()) +
         (budget.intensity() == 1 ? " restart within " : " restarts within ") + format_duration(budget.period());
}

}  // namespace

void Tree::worker_ended(Node& worker, Exit exit) {
  if (worker.leaving || worker.state == State::Stopping || goes_down_with_a_supervisor(worker)) return gone(worker);
  note_run_over(worker);
  if (worker.state == State::Starting && exit != Exit::Finished) {
    exit = Exit::StartFailed;
    ++worker.failed_starts_in_a_row;
  }
  const std::string why = in_words(worker, exit);
  if (deserves_restart(worker.restart, exit)) return restart(worker, why);
  const bool done = exit == Exit::Normal || exit == Exit::Finished;
  rest(worker, done ? State::Finished : State::Failed, done ? why : why + ", and is temporary");
  shut_down_after(worker);
}

void Tree::supervisor_ended(Node& supervisor) {
  supervisor.deadline.reset();
  changed_ = true;
  const std::string why = supervisor.supervisor->why;
  if (supervisor.parent == kNoNode) {
    supervisor.state = State::Stopped;
    over_ = true;
    actions_.emplace_back(Shutdown{.exit_code = exit_code_, .why = why});
    return;
  }
  if (supervisor.leaving || goes_down_with_a_supervisor(supervisor)) return gone(supervisor);
  if (!supervisor.ready_since) ++supervisor.failed_starts_in_a_row;
  note_run_over(supervisor);
  // OTP's reason is `shutdown`, whether it gave up or shut itself down: abnormal only to a permanent child.
  if (supervisor.restart == config::Restart::Permanent) return restart(supervisor, why);
  rest(supervisor, supervisor.supervisor->gave_up ? State::Failed : State::Finished, why);
  shut_down_after(supervisor);
}

// What made it fail is out of the way: its failures are no sign of what comes. Nothing is decided here.
void Tree::pardon(ChildId child, unsigned restarts) {
  Node& worker = nodes_[workers_.at(child)];
  parent_of(worker).supervisor->budget.refund(place_of(worker), restarts);
  worker.backoff.reset();
}

void Tree::restart(Node& failed, const std::string& why) {
  Node& supervisor = parent_of(failed);
  Budget& budget = supervisor.supervisor->budget;
  if (keeps_others_waiting(failed) && failed.failed_starts_in_a_row > budget.intensity()) {
    return give_up(failed, called(failed) + ": " + why + ", " + std::to_string(failed.failed_starts_in_a_row) +
                               " times in a row, and others wait for it");
  }
  if (!budget.spend(now_, place_of(failed))) return give_up(failed, called(failed) + ": " + why + "; " + too_many_restarts(budget));
  const std::chrono::nanoseconds delay = failed.backoff.next(random_);
  announce_restart(failed, why, delay);
  wait(failed, now_ + delay, why);
  switch (supervisor.supervisor->strategy) {
    case config::Strategy::OneForOne:
      return;
    case config::Strategy::OneForAll:
      return regroup(supervisor, 0, failed);
    case config::Strategy::RestForOne:
      return regroup(supervisor, place_of(failed), failed);
  }
}

void Tree::announce_restart(const Node& failed, const std::string& why, std::chrono::nanoseconds delay) {
  if (failed.worker) {
    actions_.emplace_back(Restarting{.child = failed.worker->id, .why = why, .delay = delay});
  } else {
    actions_.emplace_back(RestartingSupervisor{.supervisor = failed.supervisor->id, .why = why, .delay = delay});
  }
}

void Tree::regroup(Node& supervisor, std::size_t from, const Node& failed) {
  const std::vector<NodeIndex>& children = supervisor.supervisor->children;
  for (std::size_t place = from; place < children.size(); ++place) {
    regroup_one(nodes_[children[place]], failed.not_before, "restarts with " + called(failed));
  }
}

void Tree::regroup_one(Node& node, TimePoint not_before, const std::string& reason) {
  if (node.state == State::Waiting) {
    node.not_before = std::max(node.not_before, not_before);
    return;
  }
  const bool returns = belongs_to_its_group(node);
  if (at_rest(node.state)) {
    if (returns) wait(node, not_before, reason);
    return;
  }
  const bool returned_anyway = node.after == After::Again;  // an earlier restart or the operator's has it stopping
  node.not_before = returned_anyway ? std::max(node.not_before, not_before) : not_before;
  node.leaving = true;
  if (returns) node.after = After::Again;
  if (returns) node.reason = reason;
  if (node.restart == config::Restart::Temporary && !returned_anyway)
    node.reason = "is temporary, and its group restarted";
}

// While a start order is under way, slow failures must not stretch it for ever: the window forgets, the others wait.
bool Tree::keeps_others_waiting(const Node& node) const {
  const Node& supervisor = nodes_[node.parent];
  if (supervisor.state == State::Starting) return true;
  if (supervisor.supervisor->strategy == config::Strategy::OneForOne) return false;
  const std::vector<NodeIndex>& siblings = supervisor.supervisor->children;
  const auto waits = [&](NodeIndex sibling) { return nodes_[sibling].state == State::Waiting; };
  return std::any_of(siblings.begin() + static_cast<std::ptrdiff_t>(place_of(node)) + 1, siblings.end(), waits);
}

// OTP's escalation: the supervisor stops itself, and its parent sees a child that ended. The root has no parent.
void Tree::give_up(Node& failed, const std::string& why) {
  Node& supervisor = parent_of(failed);
  actions_.emplace_back(GaveUp{.supervisor = supervisor.supervisor->id, .why = why});
  supervisor.supervisor->gave_up = true;
  rest(failed, State::Failed, why);
  if (supervisor.parent != kNoNode) return begin_stop(supervisor, Ending::GaveUp, why);
  if (supervisor.supervisor->on_give_up == config::OnGiveUp::Exit) return end_service(1, why);
  degrade(failed, why);
}

// The part that the strategy ties to the failed child fails with it; the rest runs, with a budget of its own.
void Tree::degrade(Node& failed, const std::string& why) {
  SupervisorPart& top = *root().supervisor;
  top.why = why;
  top.budget.clear();
  failed.given_up = true;
  if (top.strategy == config::Strategy::OneForOne) return;
  const std::size_t from = top.strategy == config::Strategy::OneForAll ? 0 : place_of(failed);
  for (std::size_t place = from; place < top.children.size(); ++place) abandon(nodes_[top.children[place]], why);
}

void Tree::abandon(Node& node, const std::string& why) {
  if (at_rest(node.state) || (node.worker && node.worker->held)) return;
  node.given_up = true;
  if (node.state == State::Waiting) return rest(node, State::Failed, why);
  node.leaving = true;
  node.after = After::Failed;
  node.reason = why;
}

// OTP's auto_shutdown: asked only when a significant child ended by itself and is not restarted.
void Tree::shut_down_after(const Node& ended) {
  Node& supervisor = parent_of(ended);
  const config::AutoShutdown mode = supervisor.supervisor->auto_shutdown;
  if (!ended.significant || mode == config::AutoShutdown::Never) return;
  if (mode == config::AutoShutdown::AllSignificant && another_significant_child_lives(supervisor)) return;
  const std::string why = "significant " + called(ended) + " ended";
  if (supervisor.parent == kNoNode) return end_service(0, why);
  begin_stop(supervisor, Ending::AutoShutdown, why);
}

bool Tree::another_significant_child_lives(const Node& supervisor) const {
  const std::vector<NodeIndex>& children = supervisor.supervisor->children;
  return std::any_of(children.begin(), children.end(), [&](NodeIndex index) {
    const Node& child = nodes_[index];
    const bool goes_for_good = child.state == State::Stopping && child.after != After::Again;
    return child.significant && !at_rest(child.state) && !goes_for_good;
  });
}

}  // namespace steady::supervision
