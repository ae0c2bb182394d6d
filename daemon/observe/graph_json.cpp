#include <nlohmann/json.hpp>

#include "observe/graph.hpp"
#include "observe/snapshot.hpp"

namespace steady::observe {
namespace {

// Keys stay in the order they are written here: people read this too.
using Json = nlohmann::ordered_json;

template <class Item>
Json list(const std::vector<Item>& items, Json (*to_json)(const Item&)) {
  Json result = Json::array();
  for (const Item& item : items) result.push_back(to_json(item));
  return result;
}

Json optional_number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json metric_json(const UserMetric& metric) {
  return {{"name", metric.name}, {"help", metric.help}, {"counter", metric.counter}, {"value", metric.value}};
}

Json actor_json(const ActorSnapshot& actor) {
  return {{"name", actor.name},
          {"plugin", actor.plugin},
          {"type", actor.type},
          {"worker", actor.worker},
          {"state", actor.state},
          {"reason", actor.reason},
          {"note", actor.note},
          {"up", actor.up},
          {"pid", actor.pid},
          {"generation", actor.generation},
          {"restarts", actor.restarts},
          {"incidents", actor.incidents},
          {"dead_letters", actor.dead_letters},
          {"steps", actor.steps},
          {"cpu_seconds", actor.cpu_seconds},
          {"memory_bytes", actor.memory_bytes},
          {"state_bytes", actor.state_bytes},
          {"metrics", list(actor.metrics, &metric_json)},
          {"retry_in_seconds", optional_number(actor.retry_in_seconds)}};
}

Json reader_json(const ChannelReader& reader) {
  return {{"actor", reader.actor},
          {"port", reader.port},
          {"messages_received", reader.messages_received},
          {"bytes_received", reader.bytes_received},
          {"inflight_messages", reader.inflight_messages},
          {"fill_ratio", reader.fill_ratio}};
}

Json channel_json(const ChannelSnapshot& channel) {
  return {{"name", channel.name},
          {"from_actor", channel.from_actor},
          {"from_port", channel.from_port},
          {"readers", list(channel.readers, &reader_json)},
          {"message_type", channel.message_type},
          {"frames", channel.frames},
          {"capacity_messages", channel.capacity_messages},
          {"capacity_bytes", channel.capacity_bytes},
          {"messages_sent", channel.messages_sent},
          {"bytes_sent", channel.bytes_sent},
          {"inflight_messages", channel.inflight_messages},
          {"fill_ratio", channel.fill_ratio},
          {"rate_messages_per_second", channel.rate_messages_per_second},
          {"closed", channel.closed},
          {"blocked_seconds", channel.blocked_seconds}};
}

Json supervisor_json(const SupervisorSnapshot& supervisor) {
  return {{"name", supervisor.name},
          {"strategy", supervisor.strategy},
          {"parent", supervisor.parent},
          {"intensity", supervisor.intensity},
          {"used", supervisor.used},
          {"period_seconds", supervisor.period_seconds},
          {"resets_in_seconds", optional_number(supervisor.resets_in_seconds)},
          {"failed", supervisor.failed},
          {"why", supervisor.why}};
}

Json whole_json(const Snapshot& snapshot) {
  return {{"name", snapshot.name},
          {"version", snapshot.version},
          {"uptime_seconds", snapshot.uptime_seconds},
          {"ready", snapshot.ready},
          {"not_ready", snapshot.not_ready},
          {"stopping", snapshot.stopping},
          {"topology_version", snapshot.topology_version},
          {"segments_quarantined", snapshot.segments_quarantined},
          {"actors", list(snapshot.actors, &actor_json)},
          {"channels", list(snapshot.channels, &channel_json)},
          {"supervisors", list(snapshot.supervisors, &supervisor_json)}};
}

}  // namespace

std::string render_json(const Snapshot& snapshot) {
  return whole_json(snapshot).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace steady::observe
