#include "config/sections.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace steady::config {
namespace sections {

const Section kTop{"top", {"steadyd", "name", "telemetry", "drain_timeout", "plugin_path", "actors", "channels", "supervision"}};
const Section kDropIn{"drop_in", {"plugin_path", "actors", "channels"}};
const Section kTelemetry{"telemetry", {"listen", "frame"}};
const Section kActor{"actor",
                     {"plugin", "type", "params", "inputs", "restart", "shutdown", "significant", "wait", "life",
                      "start_timeout", "watchdog", "poison", "max_deliveries", "worker"}};
const Section kInput{"input", {"min", "max", "max_wait"}};
const Section kChannel{"channel", {"from", "to", "capacity", "life", "when_full"}};
const Section kSupervisor{"supervisor",
                          {"name", "strategy", "intensity", "period", "backoff", "shutdown", "significant", "restart",
                           "auto_shutdown", "on_give_up", "children"}};
const Section kBackoff{"backoff", {"first", "min", "max", "factor", "jitter", "stable"}};
const Section kChild{"child", {"supervisor"}};

}  // namespace sections

std::vector<Section> schema_sections() {
  using namespace sections;
  return {kTop, kTelemetry, kActor, kInput, kChannel, kSupervisor, kBackoff, kChild};
}

bool is_for_later(const std::string& key) {
  using namespace std::string_view_literals;
  static constexpr std::array kLater{
      "standby"sv,    "cpus"sv,        "nice"sv,           "sched"sv,      "numa"sv,      "huge_pages"sv, "lock_memory"sv,
      "triggers"sv,   "on_trigger"sv,  "latency_target"sv, "injectable"sv, "when_down"sv, "log"sv,
  };
  return std::ranges::find(kLater, std::string_view(key)) != kLater.end();
}

}  // namespace steady::config
