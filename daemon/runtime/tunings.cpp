#include "runtime/tunings.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/units.hpp"
#include "config/did_you_mean.hpp"
#include "config/names.hpp"
#include "config/rules.hpp"

namespace steady::runtime {
namespace {

using config::quote;
using nlohmann::json;
using topology::End;
using topology::PlannedActor;
using topology::PlannedChannel;

constexpr std::uint64_t kMost = 1ULL << 30;

/// Reads one value into `out`, which is emptied by `default`. Errors: Invalid.
template <class T>
Status read(const std::string& where, const std::string& text, const config::Rule<T>& rule, std::optional<T>& out) {
  out.reset();
  if (text == "default") return {};
  auto parsed = rule.parse(text);
  if (!parsed)
    return fail(ErrorCode::Invalid, where + ": expected " + rule.expected + ", or default, found " + quote(text));
  out = std::move(*parsed);
  return {};
}

Status check_names(const std::string& target, const std::map<std::string, std::string>& values,
                   const std::vector<std::string>& known) {
  for (const auto& [name, text] : values) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string all;
    for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
    return fail(ErrorCode::Invalid,
                target + ": expected " + all + ", found " + quote(name) + config::did_you_mean(name, known));
  }
  return {};
}

std::uint64_t capacity_of(const PlannedChannel& channel) {
  return channel.frames ? channel.capacity_bytes : channel.capacity_messages;
}

/// What the configuration itself would refuse.
Status check_input(const topology::Plan& plan, const std::string& where, const TuningTarget& target,
                   const config::InputTuning& tuning) {
  if (tuning.max && tuning.min > *tuning.max)
    return fail(ErrorCode::Invalid, where + ".max: expected at least the min of " + std::to_string(tuning.min) +
                                        ", found " + std::to_string(*tuning.max));
  for (const std::size_t index : target.channels) {
    const PlannedChannel& channel = plan.channels[index];
    if (!channel.known || channel.frames) continue;
    const std::string holds = " messages that channel " + channel.name + " holds, found ";
    if (tuning.min > channel.window)
      return fail(ErrorCode::Invalid, where + ".min: expected at most the " + format_size(channel.window) +
                                          (channel.window < channel.capacity_messages
                                               ? " messages of the window of channel " + channel.name + ", found "
                                               : holds) +
                                          format_size(tuning.min));
    if (tuning.max && *tuning.max > channel.capacity_messages)
      return fail(ErrorCode::Invalid, where + ".max: expected at most the " + format_size(channel.capacity_messages) +
                                          holds + format_size(*tuning.max));
  }
  return {};
}

json shown(json value, std::string text, const char* from) {
  return {{"value", std::move(value)}, {"text", std::move(text)}, {"from", from}};
}

}  // namespace

Result<TuningTarget> TuningTarget::find(const topology::Plan& plan, const std::string& name) {
  const auto dot = name.find('.');
  const std::string actor_name = name.substr(0, dot);
  const auto actor =
      std::ranges::find(plan.actors, actor_name, [](const PlannedActor& each) { return each.spec.name; });
  if (dot == std::string::npos)
    return fail(ErrorCode::Invalid, "expected ACTOR.INPUT or the CHANNEL of an ACTOR.OUTPUT, found " + quote(name));
  if (actor == plan.actors.end()) return fail(ErrorCode::NotFound, "there is no actor " + quote(actor_name));
  TuningTarget target;
  target.actor = static_cast<std::size_t>(actor - plan.actors.begin());
  target.port = name.substr(dot + 1);
  std::vector<std::string> ports;
  for (const auto* const ends : {&actor->inputs, &actor->outputs})
    for (const End& end : *ends) {
      const std::string& port = actor->type.ports[end.port].name;
      ports.push_back(port);
      if (port != target.port) continue;
      target.input = ends == &actor->inputs;
      target.channels.push_back(end.channel);
    }
  if (target.channels.empty())
    return fail(ErrorCode::NotFound, "no channel is connected to a port " + quote(target.port) + " of " + actor_name +
                                         config::did_you_mean(target.port, ports));
  return target;
}

config::InputTuning Tunings::configured(const InputKey& key) const {
  const config::Actor* const actor = graph_.find_actor(key.first);
  if (actor == nullptr) return {};
  const auto found = actor->inputs.find(key.second);
  return found == actor->inputs.end() ? config::InputTuning{} : found->second;
}

config::InputTuning Tunings::tuned(const InputKey& key, const Input& input) const {
  config::InputTuning tuning = configured(key);
  tuning.min = input.min.value_or(tuning.min);
  if (input.max) tuning.max = input.max;
  if (input.max_wait) tuning.max_wait = input.max_wait;
  return tuning;
}

Status Tunings::set(const topology::Plan& plan, const TuningTarget& target,
                    const std::map<std::string, std::string>& values) {
  return target.input ? set_input(plan, target, values) : set_window(plan, target, values);
}

Status Tunings::set_input(const topology::Plan& plan, const TuningTarget& target,
                          const std::map<std::string, std::string>& values) {
  const InputKey key{plan.actors[target.actor].spec.name, target.port};
  const std::string where = key.first + "." + key.second;
  if (auto named = check_names(where, values, {"min", "max", "max_wait"}); !named) return named;
  const auto known = inputs_.find(key);
  Input input = known == inputs_.end() ? Input{} : known->second;
  const auto waits = config::rules::duration(std::chrono::nanoseconds(0), std::chrono::hours(1));
  for (const auto& [name, text] : values) {
    const std::string at = where + "." + name;
    const auto done = name == "min"   ? read(at, text, config::rules::size(1, kMost), input.min)
                      : name == "max" ? read(at, text, config::rules::size(1, kMost), input.max)
                                      : read(at, text, waits, input.max_wait);
    if (!done) return done;
  }
  if (auto checked = check_input(plan, where, target, tuned(key, input)); !checked) return checked;
  inputs_[key] = input;
  return {};
}

Status Tunings::set_window(const topology::Plan& plan, const TuningTarget& target,
                           const std::map<std::string, std::string>& values) {
  const std::size_t index = target.channels.front();
  const PlannedChannel& channel = plan.channels[index];
  if (auto named = check_names(channel.name, values, {"window"}); !named) return named;
  if (values.empty()) return {};
  if (const auto path = paths_.find(index); path != paths_.end())
    return fail(ErrorCode::Busy, "the window of channel " + channel.name + " follows the latency_target of the path " +
                                     graph_.paths[path->second].text() + " in the configuration");
  const std::uint64_t capacity = capacity_of(channel);
  const std::uint64_t least = channel.frames ? topology::kLeastFrameBytes : largest_min(plan, channel);
  std::optional<std::uint64_t> window;
  if (auto done = read(channel.name + ".window", values.at("window"), config::rules::size(1, kMost), window); !done)
    return done;
  const std::uint64_t wanted = window.value_or(graph_.channels[index].window.value_or(capacity));
  if (wanted < least || wanted > capacity)
    return fail(ErrorCode::Invalid, channel.name + ".window: expected " + format_size(least) +
                                        (channel.frames || least == 1 ? "" : ", the min of a reader,") +
                                        " up to the capacity of " + format_size(capacity) + ", found " +
                                        format_size(wanted));
  windows_.erase(index);
  if (window) windows_[index] = *window;
  return {};
}

void Tunings::apply(topology::Plan& plan) const {
  for (PlannedActor& actor : plan.actors)
    for (const auto& [key, input] : inputs_)
      if (key.first == actor.spec.name) actor.spec.inputs[key.second] = tuned(key, input);
  for (std::size_t i = 0; i < plan.channels.size(); ++i) {
    PlannedChannel& channel = plan.channels[i];
    const std::uint64_t capacity = capacity_of(channel);
    std::uint64_t window = graph_.channels[i].window.value_or(capacity);
    if (const auto set = windows_.find(i); set != windows_.end()) window = set->second;
    if (const auto controlled = controlled_.find(i); controlled != controlled_.end()) window = controlled->second;
    topology::set_window(channel, std::min(window, capacity));
  }
}

const char* Tunings::window_origin(std::size_t channel) const {
  if (controlled_.contains(channel)) return "latency_target";
  if (windows_.contains(channel)) return "operator";
  return graph_.channels[channel].window ? "configuration" : "default";
}

json Tunings::describe(const topology::Plan& plan, const TuningTarget& target) const {
  const PlannedActor& actor = plan.actors[target.actor];
  json values = json::object();
  if (!target.input) {
    const PlannedChannel& channel = plan.channels[target.channels.front()];
    values["window"] = shown(channel.window, format_size(channel.window), window_origin(target.channels.front()));
    return {{"target", channel.name}, {"unit", channel.frames ? "bytes" : "messages"}, {"values", values}};
  }
  const InputKey key{actor.spec.name, target.port};
  const config::InputTuning file = configured(key);
  const auto known = inputs_.find(key);
  const Input input = known == inputs_.end() ? Input{} : known->second;
  const config::InputTuning now = tuned(key, input);
  const auto from = [](bool is_set, bool is_configured) {
    return is_set ? "operator" : is_configured ? "configuration" : "default";
  };
  values["min"] = shown(now.min, format_size(now.min), from(input.min.has_value(), file.min != 1));
  values["max"] = shown(now.max ? json(*now.max) : json(), now.max ? format_size(*now.max) : "as many as there are",
                        from(input.max.has_value(), file.max.has_value()));
  const double seconds = std::chrono::duration<double>(now.max_wait.value_or(std::chrono::nanoseconds(0))).count();
  values["max_wait"] =
      shown(now.max_wait ? json(seconds) : json(), now.max_wait ? format_duration(*now.max_wait) : "without end",
            from(input.max_wait.has_value(), file.max_wait.has_value()));
  return {{"target", key.first + "." + key.second}, {"unit", "messages"}, {"values", values}};
}

std::uint64_t largest_min(const topology::Plan& plan, const PlannedChannel& channel) {
  std::uint64_t most = 1;
  for (std::size_t reader = 0; reader < channel.consumers.size(); ++reader) {
    const auto& inputs = plan.actors[channel.consumers[reader]].spec.inputs;
    if (const auto tuning = inputs.find(channel.consumer_ports[reader]); tuning != inputs.end())
      most = std::max(most, tuning->second.min);
  }
  return most;
}

ipc::Tuning tuning_for(const topology::Plan& plan, std::size_t actor, const End& end) {
  const PlannedActor& planned = plan.actors[actor];
  const PlannedChannel& channel = plan.channels[end.channel];
  ipc::Tuning tuning;
  tuning.channel = channel.name;
  tuning.port = planned.type.ports[end.port].name;
  tuning.window_bytes = channel.is_narrowed() ? channel.window_bytes : 0;
  const auto input = planned.spec.inputs.find(tuning.port);
  if (input == planned.spec.inputs.end()) return tuning;
  tuning.min = input->second.min;
  tuning.max = input->second.max.value_or(0);
  tuning.max_wait_ns =
      static_cast<std::uint64_t>(input->second.max_wait.value_or(std::chrono::nanoseconds(0)).count());
  return tuning;
}

}  // namespace steady::runtime
