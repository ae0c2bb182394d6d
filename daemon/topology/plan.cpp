#include "topology/plan.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "topology/resolver.hpp"

namespace steady::topology {
namespace {

/// They agree where both say something: the configuration was checked.
void add_to(config::Placement& sum, const config::Placement& more) {
  if (!sum.cpus) sum.cpus = more.cpus;
  if (!sum.nice) sum.nice = more.nice;
  if (!sum.sched) sum.sched = more.sched;
  if (!sum.numa) sum.numa = more.numa;
  if (!sum.lock_memory) sum.lock_memory = more.lock_memory;
}

/// One worker per actor, and one for each group that shares a name.
void group_into_workers(Plan& plan) {
  for (std::size_t i = 0; i < plan.actors.size(); ++i) {
    const config::Actor& actor = plan.actors[i].spec;
    const std::string& name = actor.worker.empty() ? actor.name : actor.worker;
    auto worker = std::ranges::find(plan.workers, name, &PlannedWorker::name);
    if (worker == plan.workers.end()) worker = plan.workers.insert(worker, PlannedWorker{name, {}});
    worker->actors.push_back(i);
    add_to(worker->placement, actor.placement);
    plan.actors[i].worker = static_cast<std::size_t>(worker - plan.workers.begin());
  }
}

/// A thread sleeps on one doorbell, whoever of its actors is meant.
void share_bells(Plan& plan) {
  for (const PlannedWorker& worker : plan.workers) {
    std::map<std::string, std::size_t> firsts;
    for (const std::size_t actor : worker.actors) {
      const std::string& thread = plan.actors[actor].spec.thread;
      plan.actors[actor].bell = thread.empty() ? actor : firsts.emplace(thread, actor).first->second;
    }
  }
}

}  // namespace

Resolution resolve(const config::Graph& graph, const Descriptions& descriptions) {
  Resolver resolver{graph, descriptions, {}};
  plan_actors(resolver);
  connect(resolver);
  check_connected(resolver);
  size_channels(resolver);
  group_into_workers(resolver.out.plan);
  share_bells(resolver.out.plan);
  config::sort(resolver.out.diagnostics, graph.file);
  return std::move(resolver.out);
}

}  // namespace steady::topology
