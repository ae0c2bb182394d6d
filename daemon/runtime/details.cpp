#include "runtime/details.hpp"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/log_format.hpp"
#include "base/units.hpp"

namespace steady::runtime {
namespace {

using nlohmann::json;

json points_json(const std::vector<float>& points) {
  json list = json::array();
  for (const float point : points) list.push_back(std::isnan(point) ? json() : json(point));
  return list;
}

using NamedHistory = std::pair<const char*, const History*>;

template <std::size_t Count>
json histories_json(const std::array<NamedHistory, Count>& histories) {
  json fine{{"step_seconds", History::kFineSeconds}};
  json coarse{{"step_seconds", History::kCoarseSeconds}};
  for (const auto& [name, history] : histories) {
    fine[name] = points_json(history->fine());
    coarse[name] = points_json(history->coarse());
  }
  return {{"fine", fine}, {"coarse", coarse}};
}

json params_json(const topology::PlannedActor& actor) {
  json params = json::object();
  for (const topology::Parameter& parameter : actor.type.parameters) params[parameter.name] = parameter.default_text;
  for (const auto& [name, value] : actor.spec.params) params[name] = value.text;
  return params;
}

json inputs_json(const topology::PlannedActor& actor) {
  json inputs = json::object();
  for (const auto& [port, tuning] : actor.spec.inputs) {
    json& input = inputs[port] = {{"min", tuning.min}};
    if (tuning.max) input["max"] = *tuning.max;
    if (tuning.max_wait) input["max_wait"] = format_duration(*tuning.max_wait);
  }
  return inputs;
}

constexpr std::array kRestartWords{"permanent", "transient", "temporary"};
constexpr std::array kWaitWords{"block", "adaptive", "spin"};

std::string shutdown_text(const config::Shutdown& shutdown) {
  if (!shutdown.grace) return "infinity";
  return shutdown.grace->count() == 0 ? "brutal_kill" : format_duration(*shutdown.grace);
}

}  // namespace

json history_json(const ActorTrack& track) {
  return histories_json(std::array<NamedHistory, 5>{{{"cpu", &track.cpu},
                                                     {"memory", &track.memory},
                                                     {"steps", &track.steps},
                                                     {"step_p99", &track.step_p99},
                                                     {"blocked", &track.blocked}}});
}

json history_json(const ChannelTrack& track) {
  return histories_json(std::array<NamedHistory, 4>{{{"rate", &track.rates},
                                                     {"fill", &track.fills},
                                                     {"latency_p50", &track.latency_p50},
                                                     {"latency_p99", &track.latency_p99}}});
}

json to_json(const std::vector<log::RecentLine>& lines) {
  json list = json::array();
  for (const log::RecentLine& line : lines)
    list.push_back({{"number", line.number},
                    {"at", log::rfc3339(line.at)},
                    {"level", log::name_of(line.level)},
                    {"actor", line.actor},
                    {"text", line.text}});
  return list;
}

json settings_json(const topology::PlannedActor& actor) {
  return {{"params", params_json(actor)},
          {"inputs", inputs_json(actor)},
          {"restart", kRestartWords[static_cast<std::size_t>(actor.spec.restart)]},
          {"wait", kWaitWords[static_cast<std::size_t>(actor.spec.wait)]},
          {"shutdown", shutdown_text(actor.spec.shutdown)},
          {"watchdog", actor.spec.watchdog ? format_duration(*actor.spec.watchdog) : "off"}};
}

}  // namespace steady::runtime
