#include <algorithm>
#include <map>
#include <set>

#include "config/draft.hpp"

namespace steady::config {
namespace {

void check_supervisor_names(const Draft& draft, Report& report) {
  std::set<std::string> seen;
  for (const SupervisorMention& mention : draft.supervisors) {
    if (mention.name.empty() || seen.insert(mention.name).second) continue;
    const std::string key = mention.path + ".name";
    report.add(report.place(key, mention.position), key,
               "another supervisor is named " + quote(mention.name) + " already");
  }
}

/// Every child is an actor, and is listed once. Returns who is listed.
std::set<std::string> check_children(const Draft& draft, Report& report) {
  std::vector<std::string> names;
  for (const Actor& actor : draft.graph.actors) names.push_back(actor.name);
  std::set<std::string> listed;
  for (const ChildMention& child : draft.children) {
    if (std::ranges::find(names, child.actor) == names.end())
      report.add(child.position, child.path,
                 "no actor is named " + quote(child.actor) + did_you_mean(child.actor, names));
    else if (!listed.insert(child.actor).second)
      report.add(child.position, child.path, "the actor " + quote(child.actor) + " is listed already");
  }
  return listed;
}

void check_nobody_is_missing(const Draft& draft, const std::set<std::string>& listed, Report& report) {
  for (const Actor& actor : draft.graph.actors)
    if (!listed.contains(actor.name))
      report.add(actor.position, "actors." + actor.name, "is not listed under supervision.children");
}

/// As in OTP: a significant child ends by itself, and its supervisor then acts on it.
void check_significant(const std::string& path, const Position& near, Restart restart, AutoShutdown above,
                       Report& report) {
  const std::string key = path + ".significant";
  if (restart == Restart::Permanent)
    report.add(report.place(key, near), key,
               "a significant child must be transient or temporary, found restart: permanent");
  if (above == AutoShutdown::Never)
    report.add(report.place(key, near), key,
               "needs auto_shutdown: any_significant or all_significant at its supervisor, found never");
}

void check_significance(const Draft& draft, Report& report) {
  for (std::size_t i = 1; i < draft.supervisors.size(); ++i) {
    const SupervisorMention& mention = draft.supervisors[i];
    if (mention.significant)
      check_significant(mention.path, mention.position, mention.restart,
                        draft.supervisors[mention.parent].auto_shutdown, report);
  }
  for (const ChildMention& child : draft.children) {
    const Actor* const actor = draft.graph.find_actor(child.actor);
    if (actor != nullptr && actor->significant)
      check_significant("actors." + actor->name, actor->position, actor->restart,
                        draft.supervisors[child.supervisor].auto_shutdown, report);
  }
}

}  // namespace

void validate_supervision(const Draft& draft, Report& report) {
  check_supervisor_names(draft, report);
  const std::set<std::string> listed = check_children(draft, report);
  if (draft.membership_is_known) check_nobody_is_missing(draft, listed, report);
  check_significance(draft, report);
}

}  // namespace steady::config
