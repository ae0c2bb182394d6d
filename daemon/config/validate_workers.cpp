#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/draft.hpp"

namespace steady::config {
namespace {

std::map<std::string, std::size_t> supervisor_of_actor(const Draft& draft) {
  std::map<std::string, std::size_t> out;
  for (const ChildMention& child : draft.children) out.emplace(child.actor, child.supervisor);
  return out;
}

/// The processes of single actors are named after them, so a shared one must not take such a name.
void check_name(const Draft& draft, const Actor& actor, Report& report) {
  const Actor* const namesake = draft.graph.find_actor(actor.worker);
  if (namesake == nullptr || namesake->worker == actor.worker) return;
  const std::string key = "actors." + actor.name + ".worker";
  report.add(report.place(key, actor.position), key,
             quote(actor.worker) + " is the name of an actor with a worker of its own");
}

/// Actors of one worker start, stop and die together, so what says how must be the same.
void check_same(const Actor& first, const Actor& actor, Report& report) {
  const auto differ = [&](const char* setting) {
    const std::string key = "actors." + actor.name + "." + setting;
    report.add(report.place(key, actor.position), key,
               std::string("must be the same as that of ") + quote(first.name) + ", which shares the worker " +
                   quote(actor.worker));
  };
  if (first.restart != actor.restart) differ("restart");
  if (first.shutdown.grace != actor.shutdown.grace) differ("shutdown");
  if (first.significant != actor.significant) differ("significant");
  if (first.start_timeout != actor.start_timeout) differ("start_timeout");
  if (first.standby != actor.standby) differ("standby");
}

/// A worker has one placement. Each part of it may stand at any of its actors, or at several alike.
template <class Value>
void check_agreed(const std::vector<const Actor*>& actors, const char* setting,
                  std::optional<Value> Placement::*part, Report& report) {
  const Actor* first = nullptr;
  const auto key_of = [&](const Actor& actor) { return "actors." + actor.name + "." + setting; };
  for (const Actor* const actor : actors) {
    if (!(actor->placement.*part)) continue;
    if (first == nullptr) first = actor;
    if (actor->placement.*part == first->placement.*part) continue;
    const Position& other = report.place(key_of(*first), first->position);
    report.add(report.place(key_of(*actor), actor->position), key_of(*actor),
               "must be the same as that of " + quote(first->name) + " at " + other.file + ":" +
                   std::to_string(other.line) + ", which shares the worker " + quote(actor->worker));
  }
}

void check_placement(const std::vector<const Actor*>& actors, Report& report) {
  check_agreed(actors, "cpus", &Placement::cpus, report);
  check_agreed(actors, "nice", &Placement::nice, report);
  check_agreed(actors, "sched", &Placement::sched, report);
  check_agreed(actors, "numa", &Placement::numa, report);
  check_agreed(actors, "lock_memory", &Placement::lock_memory, report);
}

void check_same_supervisor(const Draft& draft, const std::map<std::string, std::size_t>& supervisors,
                           const Actor& first, const Actor& actor, Report& report) {
  const auto one = supervisors.find(first.name);
  const auto other = supervisors.find(actor.name);
  if (one == supervisors.end() || other == supervisors.end() || one->second == other->second) return;
  const std::string key = "actors." + actor.name + ".worker";
  report.add(report.place(key, actor.position), key,
             "shares the worker " + quote(actor.worker) + " with " + quote(first.name) + " of the supervisor " +
                 quote(draft.supervisors[one->second].name) + ", but is a child of " +
                 quote(draft.supervisors[other->second].name));
}

/// A thread waits in one way for all of its actors.
void check_thread(std::map<std::pair<std::string, std::string>, const Actor*>& firsts, const Actor& actor,
                  Report& report) {
  if (actor.thread.empty()) return;
  const std::string key = "actors." + actor.name + ".";
  if (actor.worker.empty()) {
    report.add(report.place(key + "thread", actor.position), key + "thread",
               "needs a 'worker' that the actors of the thread share, and there is none");
    return;
  }
  const Actor& first = *firsts.emplace(std::pair(actor.worker, actor.thread), &actor).first->second;
  if (first.wait == actor.wait) return;
  report.add(report.place(key + "wait", actor.position), key + "wait",
             "must be the same as that of " + quote(first.name) + ", which shares the thread " + quote(actor.thread));
}

}  // namespace

void validate_workers(const Draft& draft, Report& report) {
  const auto supervisors = supervisor_of_actor(draft);
  std::map<std::string, std::vector<const Actor*>> groups;
  std::map<std::pair<std::string, std::string>, const Actor*> firsts_of_threads;
  for (const Actor& actor : draft.graph.actors) {
    check_thread(firsts_of_threads, actor, report);
    if (actor.worker.empty()) continue;
    check_name(draft, actor, report);
    std::vector<const Actor*>& group = groups[actor.worker];
    group.push_back(&actor);
    check_same(*group.front(), actor, report);
    check_same_supervisor(draft, supervisors, *group.front(), actor, report);
  }
  for (const auto& [worker, group] : groups) check_placement(group, report);
}

}  // namespace steady::config
