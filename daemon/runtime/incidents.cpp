#include "runtime/incidents.hpp"

#include <utility>

#include "base/log.hpp"
#include "records/print.hpp"

namespace steady::runtime {

std::int64_t Incidents::record(records::Incident incident, const std::optional<ipc::CrashReport>& stack,
                               const std::vector<ModuleFile>& files) {
  if (const auto id = store_.add(incident)) {
    incident.id = *id;
  } else {
    log::error("An incident could not be stored", {{"actor", incident.actor}, {"why", id.error().message}});
  }
  const std::int64_t id = incident.id;
  if (!stack || stack->frames.empty()) {
    log::warn(records::print(incident));
    return id;
  }
  symbolizer_.ask(*stack, files, [this, incident = std::move(incident)](std::vector<records::StackFrame> frames) mutable {
    incident.backtrace = std::move(frames);
    log::warn(records::print(incident));
    if (incident.id == 0) return;
    if (auto set = store_.set_backtrace(incident.id, incident.backtrace); !set)
      log::error("The stack of an incident could not be stored", {{"incident", incident.id}, {"why", set.error().message}});
  });
  return id;
}

}  // namespace steady::runtime
