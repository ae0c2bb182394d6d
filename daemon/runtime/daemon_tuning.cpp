// Changes thresholds and windows while actors run: because an operator says so, or to hold the latency targets.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.hpp"
#include "base/units.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"

namespace steady::runtime {
namespace {

using nlohmann::json;
using std::chrono::nanoseconds;

/// A target that is missed for a moment, as when the load changes, is nothing to tell anybody.
constexpr nanoseconds kMissedForLong = std::chrono::seconds(10);

std::string text_of(double seconds) {
  return format_duration(std::chrono::round<std::chrono::microseconds>(std::chrono::duration<double>(seconds)));
}

std::map<std::string, std::string> values_of(const json& params) {
  std::map<std::string, std::string> values;
  if (!params.contains("values")) return values;
  for (const auto& [name, value] : params.at("values").get_ref<const json::object_t&>())
    values[name] = value.get<std::string>();
  return values;
}

/// As the slowest reader sees it: it is what keeps the producer waiting.
std::uint64_t in_flight(const ipc::ChannelSample& sample, bool frames) {
  std::uint64_t most = 0;
  for (const auto& reader : sample.readers)
    most = std::max(most, frames ? sample.tail_bytes - std::min(reader.head_bytes, sample.tail_bytes)
                                 : sample.tail_messages - reader.head_messages);
  return most;
}

/// In the unit of the window.
std::uint64_t taken_of(const ipc::ChannelSample& sample, std::size_t reader, bool frames) {
  if (reader >= sample.readers.size()) return 0;
  return frames ? sample.readers[reader].head_bytes : sample.readers[reader].head_messages;
}

/// Logs the beginning and the end of a time in which a target is not held.
void tell_misses(HeldPath& path, nanoseconds now) {
  const bool missed = path.decision.state == LatencyDecision::State::Missing;
  if (!missed) path.missed_since = nanoseconds(0);
  if (missed && path.missed_since == nanoseconds(0)) path.missed_since = now;
  const bool too_long = missed && now - path.missed_since >= kMissedForLong;
  if (too_long == path.complained || (missed && path.complained)) return;
  path.complained = too_long;
  if (too_long)
    return log::warn("A path does not hold its latency target", {{"path", path.spec.text()},
                                                                 {"target", text_of(path.shape.target_seconds)},
                                                                 {"p99", text_of(path.decision.p99_seconds)}});
  log::info("A path holds its latency target again", {{"path", path.spec.text()}});
}

}  // namespace

control::Answer Daemon::answer_tuning(const json& params) {
  const auto target = TuningTarget::find(plan_, params.at("target").get<std::string>());
  if (!target) return tl::unexpected(control::Failure(target.error()));
  const auto values = values_of(params);
  if (!values.empty()) {
    if (auto set = tunings_.set(plan_, *target, values); !set) return tl::unexpected(control::Failure(set.error()));
    for (const auto& [name, text] : values)
      log::info("Operator: set", {{"target", params.at("target").get<std::string>()}, {name, text}});
    tell_tunings(target->channels);
  }
  return tunings_.describe(plan_, *target);
}

/// Brings what has changed into the plan and to both ends of these channels.
void Daemon::tell_tunings(const std::vector<std::size_t>& channels) {
  tunings_.apply(plan_);
  for (std::size_t i = 0; i < plan_.actors.size(); ++i)
    for (const auto* const ends : {&plan_.actors[i].inputs, &plan_.actors[i].outputs})
      for (const topology::End& end : *ends) {
        if (std::ranges::find(channels, end.channel) == channels.end()) continue;
        ipc::Command command{ipc::Command::Kind::Tune, plan_.actors[i].spec.name};
        command.tuning = tuning_for(plan_, i, end);
        send_tuning(i, command);
      }
}

/// Also to one that is starting: it has its plan already, and reads what comes after it in order.
void Daemon::send_tuning(std::size_t actor, const ipc::Command& command) {
  const Worker& worker = workers_[plan_.actors[actor].worker];
  if (worker.process) worker.process->send(ipc::print(command));
}

/// Once, when the plan is known for the first time: routes are the configuration's.
void Daemon::find_paths() {
  for (std::size_t i = 0; i < graph_.paths.size(); ++i) {
    const config::Path& spec = graph_.paths[i];
    HeldPath& path = paths_.emplace_back();
    path.spec = spec;
    path.shape.hops = config::find_routes(graph_, spec.from, spec.to).value_or(std::vector<config::Hop>{});
    path.shape.target_seconds = std::chrono::duration<double>(spec.latency_target).count();
    path.latencies.resize(path.shape.hops.size());
    path.blocked_ns.resize(path.shape.hops.size());
    path.taken.resize(path.shape.hops.size());
    for (const config::Hop& hop : path.shape.hops) tunings_.reserve(hop.channel, i);
  }
}

/// What the hop did since the last look.
HopMeasure Daemon::measure_hop(HeldPath& path, std::size_t index, nanoseconds now) {
  const config::Hop& hop = path.shape.hops[index];
  const topology::PlannedChannel& channel = plan_.channels[hop.channel];
  const ipc::ChannelSample sample = sampler_.channel(hop.channel, now);
  const Histogram total = sampler_.latency(hop.channel, hop.reader);
  const Histogram recent = total.since(path.latencies[index]);
  HopMeasure measure;
  if (recent.count != 0) {
    measure.latency_seconds = recent.percentile(hop_percent(path.shape.hops)) / 1e9;
    measure.median_seconds = recent.percentile(50) / 1e9;
  }
  measure.in_flight = in_flight(sample, channel.frames);
  measure.blocked_ratio = ratio_of(sample.blocked_ns, path.blocked_ns[index], now - path.decided_at);
  measure.window = channel.window;
  measure.most = graph_.channels[hop.channel].window.value_or(channel.frames ? channel.capacity_bytes
                                                                             : channel.capacity_messages);
  measure.least = std::min(measure.most, channel.frames ? topology::kLeastFrameBytes : largest_min(plan_, channel));
  const std::uint64_t taken = taken_of(sample, hop.reader, channel.frames);
  const double elapsed = std::chrono::duration<double>(now - path.decided_at).count();
  if (taken > path.taken[index] && elapsed > 0)
    measure.rate = static_cast<double>(taken - path.taken[index]) / elapsed;
  path.taken[index] = taken;
  path.latencies[index] = total;
  path.blocked_ns[index] = sample.blocked_ns;
  return measure;
}

/// Once per frame. Each path makes its wishes; of a channel the narrowest counts.
void Daemon::hold_targets() {
  const nanoseconds now = monotonic_now();
  if (paths_.empty() || now - paths_.front().decided_at < kControlInterval) return;
  std::map<std::size_t, std::uint64_t> windows;
  for (HeldPath& path : paths_) {
    std::vector<HopMeasure> measures;
    for (std::size_t i = 0; i < path.shape.hops.size(); ++i) measures.push_back(measure_hop(path, i, now));
    const bool first = std::exchange(path.decided_at, now) == nanoseconds(0);
    if (first) continue;  // there is no interval yet
    path.decision = decide(path.shape, path.decision, measures);
    tell_misses(path, now);
    for (std::size_t i = 0; i < measures.size(); ++i) {
      const auto [known, is_new] = windows.emplace(path.shape.hops[i].channel, path.decision.windows[i]);
      if (!is_new) known->second = std::min(known->second, path.decision.windows[i]);
    }
  }
  std::vector<std::size_t> changed;
  for (const auto& [channel, window] : windows) {
    if (!plan_.channels[channel].known || window == plan_.channels[channel].window) continue;
    tunings_.control(channel, window);
    changed.push_back(channel);
  }
  if (!changed.empty()) tell_tunings(changed);
}

void Daemon::show_tunings(observe::Snapshot& snapshot) const {
  for (std::size_t i = 0; i < snapshot.channels.size(); ++i)
    snapshot.channels[i].window_from = tunings_.window_origin(i);
  for (const HeldPath& path : paths_) {
    observe::PathSnapshot& shown = snapshot.paths.emplace_back();
    shown.from = path.spec.from;
    shown.to = path.spec.to;
    shown.target_seconds = path.shape.target_seconds;
    shown.state = observe::kPathStates[static_cast<std::size_t>(path.decision.state)];
    if (path.decision.state != LatencyDecision::State::Idle) shown.p99_seconds = path.decision.p99_seconds;
    for (const config::Hop& hop : path.shape.hops) {
      const std::string& name = plan_.channels[hop.channel].name;
      if (std::ranges::find(shown.channels, name) == shown.channels.end()) shown.channels.push_back(name);
    }
  }
}

}  // namespace steady::runtime
