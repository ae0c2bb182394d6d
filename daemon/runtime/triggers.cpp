#include "runtime/triggers.hpp"

#include <algorithm>
#include <cmath>

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;
using Kind = Triggers::Kind;

std::optional<double> value_of(const Triggers::State& state, const Lookup& lookup) {
  const config::Trigger& trigger = state.trigger;
  const auto value = state.kind == Kind::Channel ? lookup.channel(state.index, trigger.measure, trigger.aggregate)
                                                 : lookup.actor(state.index, trigger.measure, trigger.aggregate);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

bool holds(const config::Trigger& trigger, const std::optional<double>& value) {
  if (!value) return false;
  return trigger.above ? *value > trigger.threshold : *value < trigger.threshold;
}

/// Whether it changed.
bool update(Triggers::State& state, nanoseconds now, std::optional<double> value) {
  state.value = value;
  if (!holds(state.trigger, value))
    state.held_since.reset();
  else if (!state.held_since)
    state.held_since = now;
  const bool active = state.held_since && now - *state.held_since >= state.trigger.hold;
  if (active == state.active) return false;
  state.active = active;
  state.since = now;
  return true;
}

}  // namespace

Triggers::Triggers(const config::Graph& graph) {
  for (std::size_t i = 0; i < graph.channels.size(); ++i)
    add(Kind::Channel, i, graph.channels[i].name, graph.channels[i].triggers);
  for (std::size_t i = 0; i < graph.actors.size(); ++i)
    add(Kind::Actor, i, graph.actors[i].name, graph.actors[i].triggers);
}

void Triggers::add(Kind kind, std::size_t index, const std::string& name,
                   const std::vector<config::Trigger>& triggers) {
  for (const config::Trigger& trigger : triggers) {
    State state;
    state.kind = kind;
    state.index = index;
    state.name = name;
    state.trigger = trigger;
    states_.push_back(std::move(state));
  }
}

std::vector<Triggers::Changed> Triggers::look(nanoseconds now, const Lookup& lookup) {
  std::vector<Changed> changes;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const nanoseconds since = states_[i].since;
    if (!update(states_[i], now, value_of(states_[i], lookup))) continue;
    changes.push_back({i, states_[i].active ? nanoseconds(0) : now - since});
  }
  return changes;
}

std::vector<observe::TriggerSnapshot> Triggers::of_channel(std::size_t channel) const {
  return of(Kind::Channel, channel);
}

std::vector<observe::TriggerSnapshot> Triggers::of_actor(std::size_t actor) const { return of(Kind::Actor, actor); }

std::vector<observe::TriggerSnapshot> Triggers::of(Kind kind, std::size_t index) const {
  // They were added by kind and index, so those of one thing are neighbours.
  const auto place = [](const State& state) { return std::pair(state.kind, state.index); };
  std::vector<observe::TriggerSnapshot> shown;
  for (const State& state : std::ranges::equal_range(states_, std::pair(kind, index), {}, place))
    shown.push_back({state.trigger.when, word(state.trigger.colour), state.active, state.value});
  return shown;
}

const char* word(config::Colour colour) {
  switch (colour) {
    case config::Colour::Yellow: return "yellow";
    case config::Colour::Orange: return "orange";
    case config::Colour::Red: return "red";
  }
  return "yellow";
}

const char* word(Triggers::Kind kind) { return kind == Kind::Channel ? "channel" : "actor"; }

}  // namespace steady::runtime
