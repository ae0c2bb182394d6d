#include "observe/metrics.hpp"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string_view>

#include "observe/exposition.hpp"
#include "observe/snapshot.hpp"
#include "observe/user_metrics.hpp"

namespace steady::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// Hands one series to the family under construction.
class Sink {
 public:
  explicit Sink(MetricFamily& family) : family_(family) {}

  void add(Labels labels, double value) const {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (family_.type == MetricType::Counter)
      metric.counter.value = value;
    else
      metric.gauge.value = value;
    family_.metric.push_back(std::move(metric));
  }
  void add(Labels labels, const Distribution& distribution) const {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.histogram.sample_count = distribution.count;
    metric.histogram.sample_sum = distribution.sum_seconds;
    for (std::size_t i = 0; i < kDistributionBuckets; ++i)
      metric.histogram.bucket.push_back(
          {distribution.below[i], static_cast<double>(distribution_bound_ns(i)) / 1e9});
    metric.histogram.bucket.push_back({distribution.count, std::numeric_limits<double>::infinity()});
    family_.metric.push_back(std::move(metric));
  }

 private:
  MetricFamily& family_;
};

/// One metric of steadyd: what it is called, what it means, and where its series come from.
struct Row {
  const char* name;
  MetricType type;
  const char* help;
  void (*collect)(const Snapshot&, const Sink&);
};

double number(std::uint64_t value) {
  return static_cast<double>(value);
}
double number(bool value) {
  return value ? 1 : 0;
}
double number(double value) {
  return value;
}
const Distribution& number(const Distribution& value) {
  return value;
}

// Both ends are written as in the configuration, so that two ports of one actor on one channel stay two series.
Labels labels_of(const ChannelSnapshot& channel) {
  return {{"channel", channel.name}, {"from", channel.from_actor + '.' + channel.from_port}};
}
Labels labels_of(const ChannelSnapshot& channel, const ChannelReader& reader) {
  auto labels = labels_of(channel);
  labels.push_back({"to", reader.actor + '.' + reader.port});
  return labels;
}

// The shapes that series come in. Each turns a member of a snapshot's structs into the series of that member.

template <auto Member>
void per_snapshot(const Snapshot& snapshot, const Sink& sink) {
  sink.add({}, number(snapshot.*Member));
}

template <auto Member>
void per_actor(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& actor : snapshot.actors) sink.add({{"actor", actor.name}}, number(actor.*Member));
}

template <auto Member>
void per_channel(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& channel : snapshot.channels) sink.add(labels_of(channel), number(channel.*Member));
}

template <auto Member>
void per_reader(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& channel : snapshot.channels)
    for (const auto& reader : channel.readers) sink.add(labels_of(channel, reader), number(reader.*Member));
}

void capacity_messages(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& channel : snapshot.channels)
    if (!channel.frames) sink.add(labels_of(channel), number(channel.capacity_messages));
}

/// Every state has a series, so that a query finds an actor in a state it was never in.
void actor_state(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& actor : snapshot.actors)
    for (const std::string_view state : kActorStates)
      sink.add({{"actor", actor.name}, {"state", std::string(state)}}, number(actor.state == state));
}

void actor_restarts(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& actor : snapshot.actors)
    for (const auto& [reason, count] : actor.restarts)
      sink.add({{"actor", actor.name}, {"reason", reason}}, number(count));
}

void actor_incidents(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& actor : snapshot.actors)
    for (const auto& [cause, count] : actor.incidents)
      sink.add({{"actor", actor.name}, {"cause", cause}}, number(count));
}

void actor_waits(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& actor : snapshot.actors) {
    sink.add({{"actor", actor.name}, {"cause", "input"}}, actor.waited_for_input_seconds);
    sink.add({{"actor", actor.name}, {"cause", "room"}}, actor.waited_for_room_seconds);
    sink.add({{"actor", actor.name}, {"cause", "timer"}}, actor.waited_for_timer_seconds);
  }
}

void actor_blocked(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& actor : snapshot.actors)
    if (!actor.blocked_by.empty())
      sink.add({{"actor", actor.name}, {"by", actor.blocked_by}, {"channel", actor.blocked_channel}}, 1);
}

/// Only of those that are to have one.
void actor_standby(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& actor : snapshot.actors)
    if (!actor.standby.empty()) sink.add({{"actor", actor.name}}, number(actor.standby == "ready"));
}

void bottleneck(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& found : snapshot.bottlenecks)
    sink.add({{"actor", found.actor}}, static_cast<double>(found.holds_back.size()));
}

void deadlock(const Snapshot& snapshot, const Sink& sink) {
  sink.add({}, static_cast<double>(snapshot.deadlocks.size()));
}

Labels labels_of(const char* kind, const std::string& name, const TriggerSnapshot& trigger) {
  return {{"kind", kind}, {"name", name}, {"when", trigger.when}, {"colour", trigger.colour}};
}

void trigger_active(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& channel : snapshot.channels)
    for (const auto& trigger : channel.triggers)
      sink.add(labels_of("channel", channel.name, trigger), number(trigger.active));
  for (const auto& actor : snapshot.actors)
    for (const auto& trigger : actor.triggers)
      sink.add(labels_of("actor", actor.name, trigger), number(trigger.active));
}

Labels labels_of(const PathSnapshot& path) { return {{"from", path.from}, {"to", path.to}}; }

void path_target(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& path : snapshot.paths) sink.add(labels_of(path), path.target_seconds);
}

void path_latency(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& path : snapshot.paths) {
    if (!path.p99_seconds) continue;
    auto labels = labels_of(path);
    labels.push_back({"quantile", "0.99"});
    sink.add(std::move(labels), *path.p99_seconds);
  }
}

void restarts_remaining(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& supervisor : snapshot.supervisors)
    sink.add({{"supervisor", supervisor.name}},
             static_cast<double>(supervisor.intensity - std::min(supervisor.used, supervisor.intensity)));
}

void supervisor_failed(const Snapshot& snapshot, const Sink& sink) {
  for (const auto& supervisor : snapshot.supervisors)
    sink.add({{"supervisor", supervisor.name}}, number(supervisor.failed));
}

void build_info(const Snapshot& snapshot, const Sink& sink) {
  sink.add({{"version", snapshot.version}}, 1);
}

using A = ActorSnapshot;
using C = ChannelSnapshot;
using R = ChannelReader;
constexpr auto kCounter = MetricType::Counter;
constexpr auto kGauge = MetricType::Gauge;
constexpr auto kHistogram = MetricType::Histogram;

constexpr std::array kRows{
    Row{"steady_channel_messages_sent_total", kCounter, "Messages that the producer committed to the channel.",
        &per_channel<&C::messages_sent>},
    Row{"steady_channel_bytes_sent_total", kCounter, "Bytes of messages that the producer committed to the channel.",
        &per_channel<&C::bytes_sent>},
    Row{"steady_channel_messages_received_total", kCounter, "Messages that the reader has consumed.",
        &per_reader<&R::messages_received>},
    Row{"steady_channel_inflight_messages", kGauge, "Messages that wait for the reader.",
        &per_reader<&R::inflight_messages>},
    Row{"steady_channel_fill_ratio", kGauge, "Part of the ring, 0 to 1, that waits for the reader.",
        &per_reader<&R::fill_ratio>},
    Row{"steady_channel_capacity_messages", kGauge, "Messages that the ring holds; none for variable-size frames.",
        &capacity_messages},
    Row{"steady_channel_capacity_bytes", kGauge, "Bytes that the ring holds.", &per_channel<&C::capacity_bytes>},
    Row{"steady_channel_window_bytes", kGauge, "Bytes of the ring that may be in flight.",
        &per_channel<&C::window_bytes>},
    Row{"steady_channel_blocked_seconds_total", kCounter, "Time that the producer waited for room in the ring.",
        &per_channel<&C::blocked_seconds>},
    Row{"steady_channel_latency_seconds", kHistogram,
        "Time from the commit that put a message to the commit that took it; sampled, weighted by messages.",
        &per_reader<&R::latency>},
    Row{"steady_channel_waiting_seconds", kGauge, "Age of the oldest marked message that waits for the reader; 0: none.",
        &per_reader<&R::waiting_seconds>},
    Row{"steady_actor_up", kGauge, "1 while the actor is ready and its process lives.", &per_actor<&A::up>},
    Row{"steady_actor_state", kGauge, "1 for the state that the actor is in, 0 for the others.", &actor_state},
    Row{"steady_actor_generation", kGauge, "Generation of the actor, 0 at its first start.",
        &per_actor<&A::generation>},
    Row{"steady_actor_restarts_total", kCounter, "Restarts of the actor by reason.", &actor_restarts},
    Row{"steady_actor_incidents_total", kCounter, "Deaths of the actor's worker that nobody asked for, by cause.",
        &actor_incidents},
    Row{"steady_actor_dead_letters_total", kCounter, "Messages that were set aside because they killed the actor.",
        &per_actor<&A::dead_letters>},
    Row{"steady_actor_standby_ready", kGauge, "1 while a spare is ready to take over from the actor's worker.",
        &actor_standby},
    Row{"steady_actor_steps_total", kCounter, "Steps that the actor committed.", &per_actor<&A::steps>},
    Row{"steady_actor_step_seconds", kHistogram, "How long the actor's steps take; sampled, weighted by steps.",
        &per_actor<&A::step>},
    Row{"steady_actor_wait_seconds_total", kCounter, "Time that the actor has waited, by cause.", &actor_waits},
    Row{"steady_actor_blocked", kGauge, "1 while the actor is held back, by whom and on which channel.",
        &actor_blocked},
    Row{"steady_bottleneck", kGauge, "How many actors this one holds back; only there for those that do.",
        &bottleneck},
    Row{"steady_deadlock", kGauge, "Circles of actors that wait for each other and do nothing else.", &deadlock},
    Row{"steady_actor_cpu_seconds_total", kCounter, "CPU time of the actor's thread.", &per_actor<&A::cpu_seconds>},
    Row{"steady_actor_context_switches_total", kCounter, "How often the kernel has put the actor's thread on a core.",
        &per_actor<&A::context_switches>},
    Row{"steady_actor_memory_bytes", kGauge, "Resident memory of the actor's worker.", &per_actor<&A::memory_bytes>},
    Row{"steady_trigger_active", kGauge, "1 while a trigger of the configuration is active.", &trigger_active},
    Row{"steady_path_latency_target_seconds", kGauge, "Age that a path's configuration allows its messages to have.",
        &path_target},
    Row{"steady_path_latency_seconds", kGauge, "Age of messages from end to end of a path lately; an upper bound.",
        &path_latency},
    Row{"steady_supervisor_restarts_remaining", kGauge, "Restarts that the supervisor may still spend in its period.",
        &restarts_remaining},
    Row{"steady_supervisor_failed", kGauge, "1 when the supervisor gave up.", &supervisor_failed},
    Row{"steady_ready", kGauge, "1 while every actor is ready and none has failed, as /readyz says.",
        &per_snapshot<&Snapshot::ready>},
    Row{"steady_uptime_seconds", kGauge, "Time since steadyd started.", &per_snapshot<&Snapshot::uptime_seconds>},
    Row{"steady_segments_quarantined_total", kCounter,
        "Segments that could not be opened and were moved aside since the start.",
        &per_snapshot<&Snapshot::segments_quarantined>},
    Row{"steady_build_info", kGauge, "The version of steadyd; always 1.", &build_info},
};

std::vector<MetricFamily> collect(const Snapshot& snapshot, std::span<const Row> rows) {
  std::vector<MetricFamily> families;
  for (const Row& row : rows) {
    MetricFamily family{row.name, row.help, row.type, {}};
    row.collect(snapshot, Sink(family));
    if (!family.metric.empty()) families.push_back(std::move(family));
  }
  return families;
}

}  // namespace

std::vector<MetricFamily> metric_families(const Snapshot& snapshot) {
  auto families = collect(snapshot, kRows);
  for (auto& family : user_metrics(snapshot)) families.push_back(std::move(family));
  return families;
}

std::string render_metrics(const Snapshot& snapshot) { return write_exposition(metric_families(snapshot)); }

}  // namespace steady::observe
