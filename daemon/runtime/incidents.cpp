#include "runtime/incidents.hpp"

#include <utility>

#include "base/log.hpp"
#include "records/print.hpp"

namespace steady::runtime {
namespace {

/// One block; the log ends its last line.
void log_block(const records::Incident& incident) {
  std::string block = records::print(incident);
  if (!block.empty() && block.back() == '\n') block.pop_back();
  log::warn(block);
}

}  // namespace

std::int64_t Incidents::record(records::Incident incident, const std::optional<ipc::CrashReport>& stack,
                               const std::vector<ModuleFile>& files) {
  if (const auto id = store_.add(incident)) {
    incident.id = *id;
  } else {
    log::error("An incident could not be stored", {{"actor", incident.actor}, {"why", id.error().message}});
  }
  const std::int64_t id = incident.id;
  if (!stack || stack->frames.empty()) {
    log_block(incident);
    return id;
  }
  symbolizer_.ask(*stack, files, [this, incident = std::move(incident)](std::vector<records::StackFrame> frames) mutable {
    incident.backtrace = std::move(frames);
    log_block(incident);
    if (incident.id == 0) return;
    if (auto set = store_.set_backtrace(incident.id, incident.backtrace); !set)
      log::error("The stack of an incident could not be stored", {{"incident", incident.id}, {"why", set.error().message}});
  });
  return id;
}

}  // namespace steady::runtime
