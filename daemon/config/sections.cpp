#include "config/sections.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace steady::config {
namespace sections {

const Section kTop{"top",
                   {"steadyd", "name", "telemetry", "log", "drain_timeout", "plugin_path", "actors", "channels",
                    "paths", "supervision"}};
const Section kDropIn{"drop_in", {"plugin_path", "actors", "channels"}};
const Section kTelemetry{"telemetry", {"listen", "frame", "sampling", "otlp", "otlp_interval"}};
const Section kLog{"log", {"format"}};
const Section kActor{"actor",
                     {"plugin", "type", "params", "inputs", "restart", "shutdown", "significant", "wait", "life",
                      "start_timeout", "watchdog", "poison", "max_deliveries", "worker", "thread", "standby",
                      "cpus", "nice", "sched", "numa", "lock_memory", "triggers"}};
const Section kSched{"sched", {"policy", "priority"}};
const Section kInput{"input", {"min", "max", "max_wait"}};
const Section kChannel{"channel",
                       {"from", "to", "capacity", "window", "life", "when_full", "injectable", "numa", "lock_memory",
                        "huge_pages", "triggers"}};
const Section kPath{"path", {"from", "to", "latency_target"}};
const Section kTrigger{"trigger", {"when", "for", "colour", "on_trigger"}};
const Section kSupervisor{"supervisor",
                          {"name", "strategy", "intensity", "period", "backoff", "shutdown", "significant", "restart",
                           "auto_shutdown", "on_give_up", "children"}};
const Section kBackoff{"backoff", {"first", "min", "max", "factor", "jitter", "stable"}};
const Section kChild{"child", {"supervisor"}};

}  // namespace sections

std::vector<Section> schema_sections() {
  using namespace sections;
  return {kTop, kTelemetry, kLog, kActor, kSched, kInput, kChannel, kPath, kTrigger, kSupervisor, kBackoff, kChild};
}

bool is_for_later(const std::string& key) {
  using namespace std::string_view_literals;
  static constexpr std::array kLater{"when_down"sv};
  return std::ranges::find(kLater, std::string_view(key)) != kLater.end();
}

}  // namespace steady::config
