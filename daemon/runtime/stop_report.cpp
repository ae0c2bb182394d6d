#include "runtime/stop_report.hpp"

namespace steady::runtime {

StopReport report_stop(const observe::Snapshot& last, const std::vector<std::string>& stragglers) {
  StopReport report;
  report.drained = true;
  for (const observe::ChannelSnapshot& channel : last.channels)
    for (const observe::ChannelReader& reader : channel.readers) {
      if (reader.inflight_messages == 0) continue;
      report.drained = false;
      report.lines.push_back(std::to_string(reader.inflight_messages) + " messages wait on " + channel.name + " for " +
                             reader.actor + "." + reader.port);
    }
  report.lines.insert(report.lines.end(), stragglers.begin(), stragglers.end());
  for (const observe::ActorSnapshot& actor : last.actors)
    if (actor.state == "failed")
      report.lines.push_back(actor.name + " had failed: " + actor.reason);
  return report;
}

}  // namespace steady::runtime
