#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <nlohmann/json.hpp>

#include "observe/graph.hpp"
#include "observe/show_value.hpp"
#include "observe/snapshot.hpp"

namespace steady::observe {
namespace {

/// Writes straight into text: a tree of values for thousands of channels would take the loop several times as long. Keys
/// stay in the order in which they are written: people read this too.
class Json {
 public:
  void value(bool truth) { writer_.Bool(truth); }
  void value(std::integral auto number) { writer_.Int64(static_cast<std::int64_t>(number)); }
  void value(std::unsigned_integral auto number) { writer_.Uint64(number); }
  void value(double number) {
    if (std::isfinite(number))
      writer_.Double(number);
    else
      writer_.Null();  // JSON has no word for it
  }
  void value(const std::string& text);
  template <class Item>
  void value(const std::optional<Item>& item) {
    if (item)
      value(*item);
    else
      writer_.Null();
  }
  template <class Item>
  void value(const std::map<std::string, Item>& items) {
    writer_.StartObject();
    for (const auto& [name, item] : items) field(name.c_str(), item);
    writer_.EndObject();
  }
  template <class Item>
  void value(const std::vector<Item>& items) {
    writer_.StartArray();
    for (const Item& item : items) value(item);
    writer_.EndArray();
  }
  void value(const Statistic& statistic);
  void value(const TriggerSnapshot& trigger);
  void value(const UserMetric& metric);
  void value(const ActorSnapshot& actor);
  void value(const ChannelReader& reader);
  void value(const ChannelSnapshot& channel);
  void value(const PathSnapshot& path);
  void value(const SupervisorSnapshot& supervisor);
  void value(const Bottleneck& bottleneck);
  void value(const Deadlock& deadlock);
  void value(const Snapshot& snapshot);

  [[nodiscard]] std::string text() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  template <class Value>
  void field(const char* name, const Value& content) {
    writer_.Key(name);
    value(content);
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

void Json::value(const std::string& text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    return;
  }
  // Names and notes come from plugins: bytes that are no UTF-8 are replaced.
  const std::string quoted = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  writer_.RawValue(quoted.data(), quoted.size(), rapidjson::kStringType);
}

void Json::value(const Statistic& statistic) {
  if (statistic.count == 0) {
    writer_.Null();
    return;
  }
  writer_.StartObject();
  field("now", statistic.now);
  field("mean", statistic.mean);
  field("min", statistic.min);
  field("max", statistic.max);
  field("deviation", statistic.deviation);
  field("p50", statistic.p50);
  field("p90", statistic.p90);
  field("p99", statistic.p99);
  field("p999", statistic.p999);
  writer_.EndObject();
}

void Json::value(const TriggerSnapshot& trigger) {
  writer_.StartObject();
  field("when", trigger.when);
  field("colour", trigger.colour);
  field("active", trigger.active);
  field("value", trigger.value);
  field("shown", trigger.value ? show_value(trigger.when, *trigger.value) : std::string());
  writer_.EndObject();
}

void Json::value(const UserMetric& metric) {
  writer_.StartObject();
  field("name", metric.name);
  field("help", metric.help);
  field("counter", metric.counter);
  field("value", metric.value);
  writer_.EndObject();
}

void Json::value(const ActorSnapshot& actor) {
  writer_.StartObject();
  field("name", actor.name);
  field("plugin", actor.plugin);
  field("type", actor.type);
  field("worker", actor.worker);
  field("state", actor.state);
  field("reason", actor.reason);
  field("note", actor.note);
  field("up", actor.up);
  field("pid", actor.pid);
  field("standby", actor.standby);
  field("standby_pid", actor.standby_pid);
  field("generation", actor.generation);
  field("restarts", actor.restarts);
  field("incidents", actor.incidents);
  field("dead_letters", actor.dead_letters);
  field("steps", actor.steps);
  field("steps_per_second", actor.steps_per_second);
  field("step_seconds", actor.step_seconds);
  field("batch_messages", actor.batch_messages);
  field("activity", actor.activity);
  field("waited_for_input_seconds", actor.waited_for_input_seconds);
  field("waited_for_room_seconds", actor.waited_for_room_seconds);
  field("waited_for_timer_seconds", actor.waited_for_timer_seconds);
  field("input_ratio", actor.input_ratio);
  field("room_ratio", actor.room_ratio);
  field("timer_ratio", actor.timer_ratio);
  field("blocked_by", actor.blocked_by);
  field("blocked_channel", actor.blocked_channel);
  field("culprit", actor.culprit);
  field("cpu_seconds", actor.cpu_seconds);
  field("cpu", actor.cpu);
  field("core", actor.core);
  field("context_switches", actor.context_switches);
  field("memory_bytes", actor.memory_bytes);
  field("state_bytes", actor.state_bytes);
  if (!actor.placement.empty()) field("placement", actor.placement);
  field("metrics", actor.metrics);
  field("retry_in_seconds", actor.retry_in_seconds);
  field("triggers", actor.triggers);
  writer_.EndObject();
}

void Json::value(const ChannelReader& reader) {
  writer_.StartObject();
  field("actor", reader.actor);
  field("port", reader.port);
  field("messages_received", reader.messages_received);
  field("bytes_received", reader.bytes_received);
  field("inflight_messages", reader.inflight_messages);
  field("fill_ratio", reader.fill_ratio);
  field("fill", reader.fill);
  field("latency_seconds", reader.latency_seconds);
  field("waiting_seconds", reader.waiting_seconds);
  field("min", reader.min);
  field("max", reader.max);
  field("max_wait_seconds", reader.max_wait_seconds);
  writer_.EndObject();
}

void Json::value(const ChannelSnapshot& channel) {
  writer_.StartObject();
  field("name", channel.name);
  field("from_actor", channel.from_actor);
  field("from_port", channel.from_port);
  field("readers", channel.readers);
  field("message_type", channel.message_type);
  field("frames", channel.frames);
  field("capacity_messages", channel.capacity_messages);
  field("capacity_bytes", channel.capacity_bytes);
  field("window_messages", channel.window_messages);
  field("window_bytes", channel.window_bytes);
  field("window_from", channel.window_from);
  field("messages_sent", channel.messages_sent);
  field("bytes_sent", channel.bytes_sent);
  field("inflight_messages", channel.inflight_messages);
  field("fill_ratio", channel.fill_ratio);
  field("rate_messages_per_second", channel.rate_messages_per_second);
  field("rate", channel.rate);
  field("closed", channel.closed);
  field("injectable", channel.injectable);
  if (!channel.placement.empty()) field("placement", channel.placement);
  field("blocked_seconds", channel.blocked_seconds);
  field("blocked_ratio", channel.blocked_ratio);
  field("triggers", channel.triggers);
  writer_.EndObject();
}

void Json::value(const PathSnapshot& path) {
  writer_.StartObject();
  field("from", path.from);
  field("to", path.to);
  field("target_seconds", path.target_seconds);
  field("p99_seconds", path.p99_seconds);
  field("state", path.state);
  field("channels", path.channels);
  writer_.EndObject();
}

void Json::value(const SupervisorSnapshot& supervisor) {
  writer_.StartObject();
  field("name", supervisor.name);
  field("strategy", supervisor.strategy);
  field("parent", supervisor.parent);
  field("intensity", supervisor.intensity);
  field("used", supervisor.used);
  field("period_seconds", supervisor.period_seconds);
  field("resets_in_seconds", supervisor.resets_in_seconds);
  field("failed", supervisor.failed);
  field("why", supervisor.why);
  writer_.EndObject();
}

void Json::value(const Bottleneck& bottleneck) {
  writer_.StartObject();
  field("actor", bottleneck.actor);
  field("why", bottleneck.why);
  field("holds_back", bottleneck.holds_back);
  field("blocked_ratio", bottleneck.blocked_ratio);
  writer_.EndObject();
}

void Json::value(const Deadlock& deadlock) {
  writer_.StartObject();
  field("actors", deadlock.actors);
  field("channels", deadlock.channels);
  writer_.EndObject();
}

void Json::value(const Snapshot& snapshot) {
  writer_.StartObject();
  field("name", snapshot.name);
  field("version", snapshot.version);
  field("uptime_seconds", snapshot.uptime_seconds);
  field("ready", snapshot.ready);
  field("not_ready", snapshot.not_ready);
  field("stopping", snapshot.stopping);
  field("draining", snapshot.draining);
  field("topology_version", snapshot.topology_version);
  field("segments_quarantined", snapshot.segments_quarantined);
  field("actors", snapshot.actors);
  field("channels", snapshot.channels);
  field("paths", snapshot.paths);
  field("supervisors", snapshot.supervisors);
  field("bottlenecks", snapshot.bottlenecks);
  field("deadlocks", snapshot.deadlocks);
  writer_.EndObject();
}

}  // namespace

std::string render_json(const Snapshot& snapshot) {
  Json json;
  json.value(snapshot);
  return json.text();
}

}  // namespace steady::observe
