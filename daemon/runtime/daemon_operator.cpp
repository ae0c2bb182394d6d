// Answers those who look and those who order.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/log.hpp"
#include "observe/graph.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;
using supervision::ChildId;

constexpr std::chrono::milliseconds kLongestDrain = std::chrono::hours(24);

}  // namespace

control::Answer Daemon::answer(const std::string& method, const nlohmann::json& params) {
  if (method == "status") return control::Reply::written(observe::render_json(snapshot()));
  if (method == "logs") return answer_logs(params);
  if (method == "version") return nlohmann::json{{"version", STEADY_VERSION}, {"instance", started_at_.count()}};
  if (method == "graph") {
    if (params.is_object() && params.value("format", "json") == "dot") return nlohmann::json(observe::render_dot(snapshot()));
    return control::Reply::written(observe::render_json(snapshot()));
  }
  if (method == "shutdown") {
    if (phase_ == Phase::Running || phase_ == Phase::Draining)
      begin_drain("steadyctl shutdown", graph_.drain_timeout, true);
    return nlohmann::json::object();
  }
  if (method == "drain") {
    if (phase_ != Phase::Running) return fail(ErrorCode::Busy, "the service is draining or stopping already");
    const auto limit_ms = params.is_object() ? params.value("timeout_ms", std::int64_t{-1}) : -1;
    if (limit_ms > kLongestDrain.count()) return control::invalid_params("timeout_ms is more than a day");
    begin_drain("steadyctl drain", limit_ms < 0 ? graph_.drain_timeout : std::chrono::milliseconds(limit_ms), false);
    return nlohmann::json::object();
  }
  if (method == "drain_report")
    return nlohmann::json{{"drained", drain_report_.drained}, {"lines", drain_report_.lines}};
  if (method == "upgrade") {
    if (auto begun = begin_upgrade(); !begun) return tl::unexpected(control::Failure(begun.error()));
    return nlohmann::json::object();
  }
  if (method == "upgrade_report") return upgrade_report();
  if (method == "start" || method == "stop" || method == "restart") {
    if (auto done = operate(method, params.at("actor").get<std::string>()); !done) return fail(done.error(), method);
    return nlohmann::json::object();
  }
  if (method == "set" || method == "get") return answer_tuning(params);
  if (method == "channel" || method.starts_with("inject")) return answer_channels(method, params);
  return answer_records(method, params);
}

Status Daemon::operate(const std::string& verb, const std::string& name) {
  const auto actor = find_actor(name);
  if (!actor) return fail(ErrorCode::NotFound, "there is no actor '" + name + "'");
  if (phase_ != Phase::Running) return fail(ErrorCode::Busy, "the service is stopping");
  const ChildId child = plan_.actors[*actor].worker;
  log::info("Operator: " + verb, {{"actor", name}});
  if (verb != "stop") return start_again(child, verb == "restart");
  auto actions = tree_->operator_stop(child, monotonic_now());
  if (!actions) return tl::unexpected(std::move(actions.error()));
  perform(std::move(*actions));
  return {};
}

/// The plugins whose files may be looked at anew: those that no other worker is running.
std::set<std::string> Daemon::plugins_to_look_at(ChildId child) const {
  std::set<std::string> names;
  for (const std::size_t index : plan_.workers[child].actors) names.insert(plan_.actors[index].spec.plugin);
  for (const topology::PlannedActor& actor : plan_.actors)
    if (actor.worker != child && facts_[actor.worker].pid != 0) names.erase(actor.spec.plugin);
  return names;
}

/// Looks at changed plugin files first, which may take until they are described; then starts. An error of what comes
/// later shows in the log and in `status`.
Status Daemon::start_again(ChildId child, bool restart) {
  if (plugins_.looking()) return fail(ErrorCode::Busy, "another plugin is being looked at; try again in a moment");
  const auto result = std::make_shared<Status>();
  plugins_.look(plugins_to_look_at(child), [this, child, restart, result] {
    *result = adopt_plugins(child);
    if (!*result) {
      log::error("An actor cannot start", {{"actor", actors_of(child)}, {"why", result->error().message}});
      return;
    }
    if (restart) facts_[child].restarts["operator"]++;
    auto actions = restart ? tree_->operator_restart(child, monotonic_now())
                           : tree_->operator_start(child, monotonic_now());
    if (!actions) {
      *result = tl::unexpected(std::move(actions.error()));
      return;
    }
    perform(std::move(*actions));
    start_enabled_readers(child);
    start_finished_readers(child);
  });
  return *result;
}

/// A running neighbour that has mapped a channel which would carry another message in `next`; empty when there is none.
std::string Daemon::peer_of_changed_message(const topology::Plan& next, ChildId child) const {
  const auto touches = [&](std::size_t actor) { return plan_.actors[actor].worker == child; };
  for (std::size_t i = 0; i < plan_.channels.size(); ++i) {
    const topology::PlannedChannel& before = plan_.channels[i];
    const topology::PlannedChannel& after = next.channels[i];
    const bool same = before.frames == after.frames && before.message.size_bytes == after.message.size_bytes &&
                      before.message.fields == after.message.fields;
    if (same || !before.known) continue;
    std::vector<std::size_t> ends = before.consumers;
    ends.push_back(before.producer);
    if (std::none_of(ends.begin(), ends.end(), touches)) continue;
    for (const std::size_t actor : ends)
      if (!touches(actor) && facts_[plan_.actors[actor].worker].pid != 0) return plan_.actors[actor].spec.name;
  }
  return {};
}

Status Daemon::adopt_plugins(ChildId child) {
  topology::Resolution resolution = topology::resolve(graph_, plugins_.descriptions());
  if (!resolution.diagnostics.empty()) {
    tree_->set_startable(child, false, resolution.diagnostics.front().text());
    return fail(ErrorCode::Invalid, resolution.diagnostics.front().text());
  }
  if (const std::string peer = peer_of_changed_message(resolution.plan, child); !peer.empty())
    return fail(ErrorCode::Busy, "it now sends or takes another message than before, and " + peer +
                                     " still runs with the old one; stop that first");
  place(resolution.plan);
  plan_ = std::move(resolution.plan);
  tunings_.apply(plan_);
  const std::string unstartable = why_unstartable(child);
  tree_->set_startable(child, unstartable.empty(), unstartable);
  if (!unstartable.empty()) return fail(ErrorCode::Invalid, unstartable);
  if (auto prepared = wiring_.prepare_worker(plan_, child); !prepared) return prepared;
  sampler_.observe(plan_, wiring_);
  end_misfits();
  return {};
}

/// Readers that could not start because nobody knew what this producer sends.
void Daemon::start_enabled_readers(ChildId child) {
  for (const std::size_t index : plan_.workers[child].actors)
    for (const topology::End& end : plan_.actors[index].outputs)
      for (const std::size_t consumer : plan_.channels[end.channel].consumers) {
        const ChildId reader = plan_.actors[consumer].worker;
        if (reader == child || facts_[reader].pid != 0 || tree_->is_startable(reader)) continue;
        if (!why_unstartable(reader).empty()) continue;
        tree_->set_startable(reader, true, "");
        if (auto prepared = wiring_.prepare_worker(plan_, reader); !prepared) continue;
        sampler_.observe(plan_, wiring_);
        if (auto actions = tree_->operator_start(reader, monotonic_now())) perform(std::move(*actions));
      }
}

/// A stream that flows again needs its readers: those that had finished start again, and theirs.
void Daemon::start_finished_readers(ChildId child) {
  for (const std::size_t index : plan_.workers[child].actors)
    for (const topology::End& end : plan_.actors[index].outputs)
      for (const std::size_t consumer : plan_.channels[end.channel].consumers) {
        const ChildId reader = plan_.actors[consumer].worker;
        if (reader == child || tree_->child(reader).state != supervision::State::Finished) continue;
        if (auto actions = tree_->operator_start(reader, monotonic_now())) perform(std::move(*actions));
        start_finished_readers(reader);
      }
}

observe::Snapshot Daemon::snapshot(Sampler::With with) {
  const nanoseconds now = monotonic_now();
  observe::Snapshot made = sampler_.snapshot({plan_, *tree_, facts_, now}, with);
  show_triggers(made);
  show_tunings(made);
  made.name = graph_.name;
  made.version = STEADY_VERSION;
  made.uptime_seconds = std::chrono::duration<double>(now - started_at_).count();
  made.segments_quarantined = wiring_.quarantined();
  made.topology_version = 1;
  for (std::size_t i = 0; i < made.channels.size(); ++i) made.channels[i].injectable = graph_.channels[i].injectable;
  made.draining = phase_ == Phase::Draining;
  if (phase_ != Phase::Running && made.ready) {
    made.ready = false;
    made.stopping = true;
    made.not_ready.push_back("the service is stopping");
  }
  return made;
}

}  // namespace steady::runtime
