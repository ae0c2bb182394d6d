#include "topology/plan.hpp"

#include <algorithm>

#include "topology/resolver.hpp"

namespace steady::topology {
namespace {

/// One worker per actor, and one for each group that shares a name.
void group_into_workers(Plan& plan) {
  for (std::size_t i = 0; i < plan.actors.size(); ++i) {
    const config::Actor& actor = plan.actors[i].spec;
    const std::string& name = actor.worker.empty() ? actor.name : actor.worker;
    auto worker = std::ranges::find(plan.workers, name, &PlannedWorker::name);
    if (worker == plan.workers.end()) worker = plan.workers.insert(worker, PlannedWorker{name, {}});
    worker->actors.push_back(i);
    plan.actors[i].worker = static_cast<std::size_t>(worker - plan.workers.begin());
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
  config::sort(resolver.out.diagnostics, graph.file);
  return std::move(resolver.out);
}

}  // namespace steady::topology
