#include <algorithm>

#include "config/did_you_mean.hpp"
#include "config/names.hpp"
#include "topology/parameter.hpp"
#include "topology/resolver.hpp"

namespace steady::topology {
namespace {

template <class T>
std::vector<std::string> names_of(const std::vector<T>& things) {
  std::vector<std::string> names;
  for (const T& thing : things) names.push_back(thing.name);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// The type that the actor asks for, or null after a diagnostic.
const ActorType* choose_type(Resolver& resolver, const config::Actor& actor, const Description& description) {
  const std::vector<std::string> names = names_of(description.types);
  if (actor.type.empty() && description.types.size() == 1) return &description.types.front();
  const std::string offer = "; the plugin " + config::quote(actor.plugin) + " offers " + joined(names);
  if (actor.type.empty()) {
    resolver.add(actor.position, "actors." + actor.name, "the key 'type' is missing" + offer);
    return nullptr;
  }
  const ActorType* const type = description.find_type(actor.type);
  if (type == nullptr)
    resolver.add(actor.position, "actors." + actor.name + ".type",
                 "unknown type " + config::quote(actor.type) + offer + config::did_you_mean(actor.type, names));
  return type;
}

void check_given_parameters(Resolver& resolver, const config::Actor& actor, const ActorType& type) {
  for (const auto& [name, scalar] : actor.params) {
    const std::string key = "actors." + actor.name + ".params." + name;
    const Parameter* const parameter = type.find_parameter(name);
    if (parameter == nullptr) {
      resolver.add(scalar.position, key,
                   "unknown parameter " + config::quote(name) + " of " + type.name +
                       config::did_you_mean(name, names_of(type.parameters)));
      continue;
    }
    if (const Status status = check_parameter(parameter->type, scalar.text); !status)
      resolver.add(scalar.position, key, status.error().message);
  }
}

void check_missing_parameters(Resolver& resolver, const config::Actor& actor, const ActorType& type) {
  for (const Parameter& parameter : type.parameters)
    if (parameter.required && !actor.params.contains(parameter.name))
      resolver.add(actor.position, "actors." + actor.name + ".params",
                   "the parameter " + config::quote(parameter.name) + " (" + parameter.type + ") is missing");
}

void check_tuned_inputs(Resolver& resolver, const config::Actor& actor, const ActorType& type) {
  std::vector<std::string> inputs;
  for (const Port& port : type.ports)
    if (port.direction == Direction::Input) inputs.push_back(port.name);
  for (const auto& [name, tuning] : actor.inputs) {
    if (std::ranges::find(inputs, name) != inputs.end()) continue;
    const std::string problem = type.find_port(name) != nullptr
                                    ? config::quote(name) + " is an output, expected an input"
                                    : "unknown input " + config::quote(name) + " of " + type.name;
    resolver.add(tuning.position, "actors." + actor.name + ".inputs." + name,
                 problem + config::did_you_mean(name, inputs));
  }
}

/// Finds the actor's type; where there is none, says why in `unavailable`.
void find_type(Resolver& resolver, PlannedActor& planned) {
  const config::Actor& actor = planned.spec;
  planned.type.name = actor.type;
  const auto description = resolver.descriptions.find(actor.plugin);
  if (description == resolver.descriptions.end()) {
    planned.unavailable = "the plugin " + config::quote(actor.plugin) + " was not described";
  } else if (!description->second) {
    planned.unavailable = description->second.error().message;
  } else if (const ActorType* const type = choose_type(resolver, actor, *description->second)) {
    planned.type = *type;
  } else {
    planned.unavailable = "the plugin " + config::quote(actor.plugin) + " has no such type";
  }
}

}  // namespace

void plan_actors(Resolver& resolver) {
  for (const config::Actor& actor : resolver.graph.actors) {
    PlannedActor planned;
    planned.spec = actor;
    find_type(resolver, planned);
    if (planned.unavailable.empty()) {
      check_given_parameters(resolver, actor, planned.type);
      check_missing_parameters(resolver, actor, planned.type);
      check_tuned_inputs(resolver, actor, planned.type);
    }
    resolver.out.plan.actors.push_back(std::move(planned));
  }
}

}  // namespace steady::topology
