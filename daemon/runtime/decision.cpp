#include "runtime/decision.hpp"

#include <variant>

#include "base/units.hpp"

namespace steady::runtime {
namespace {

std::string budget_of(const supervision::SupervisorStatus& supervisor) {
  return std::to_string(supervisor.used) + " of " + std::to_string(supervisor.intensity) + " restarts within " +
         format_duration(supervisor.period);
}

std::string when(std::chrono::nanoseconds delay) {
  if (delay.count() == 0) return "at once";
  return "in " + format_duration(std::chrono::round<std::chrono::milliseconds>(delay));
}

}  // namespace

std::string decision_of(const supervision::Actions& actions, supervision::ChildId child, const supervision::Tree& tree,
                        supervision::TimePoint now) {
  std::string words;
  const auto add = [&](const std::string& more) { words += (words.empty() ? "" : "; ") + more; };
  for (const supervision::Action& action : actions) {
    if (const auto* restarting = std::get_if<supervision::Restarting>(&action); restarting && restarting->child == child) {
      add("restarted " + when(restarting->delay) + " (" +
          budget_of(tree.supervisor(tree.child(child).supervisor, now)) + ")");
    } else if (const auto* gave_up = std::get_if<supervision::GaveUp>(&action)) {
      add("supervisor " + tree.supervisor(gave_up->supervisor, now).name + " gave up: " + gave_up->why);
    } else if (const auto* above = std::get_if<supervision::RestartingSupervisor>(&action)) {
      add("supervisor " + tree.supervisor(above->supervisor, now).name + " restarted " + when(above->delay) +
          " with everything beneath it");
    }
  }
  if (!words.empty()) return words;
  const supervision::ChildStatus status = tree.child(child);
  return status.reason.empty() ? "stays down" : "stays down: " + status.reason;
}

}  // namespace steady::runtime
