#include <algorithm>
#include <optional>

#include "config/did_you_mean.hpp"
#include "config/names.hpp"
#include "topology/message.hpp"
#include "topology/resolver.hpp"

namespace steady::topology {
namespace {

using config::Endpoint;
using config::quote;

constexpr std::size_t kMostEnds = 250;  // each costs a worker file descriptors

std::optional<std::size_t> index_of(const config::Graph& graph, const std::string& actor) {
  const config::Actor* const found = graph.find_actor(actor);
  if (found == nullptr) return std::nullopt;
  return static_cast<std::size_t>(found - graph.actors.data());
}

std::vector<std::string> ports_of(const ActorType& type, Direction direction) {
  std::vector<std::string> names;
  for (const Port& port : type.ports)
    if (port.direction == direction) names.push_back(port.name);
  return names;
}

/// The port that an endpoint names, or null: after a diagnostic, or because its plugin could not be described.
const Port* find_port(Resolver& resolver, const PlannedActor& actor, const Endpoint& end, Direction direction,
                      const std::string& key) {
  if (!actor.unavailable.empty()) return nullptr;
  const char* const wanted = direction == Direction::Input ? "input" : "output";
  const Port* const port = actor.type.find_port(end.port);
  if (port != nullptr && port->direction == direction) return port;
  const std::string problem = port == nullptr
                                  ? std::string("unknown ") + wanted + " " + quote(end.port) + " of " + actor.type.name
                                  : quote(end.port) + " is an " + (direction == Direction::Input ? "output" : "input") +
                                        ", expected an " + wanted;
  resolver.add(end.position, key, problem + config::did_you_mean(end.port, ports_of(actor.type, direction)));
  return nullptr;
}

std::string what_flows(const Port& port, bool offsets) {
  return port.kind == Kind::Frames ? "frames" : layout(port.message, offsets);
}

bool carry_the_same(const Port& a, const Port& b) {
  if (a.kind == Kind::Any || b.kind == Kind::Any) return true;
  return a.kind == b.kind && (a.kind == Kind::Frames || agree(a.message, b.message));
}

/// Offsets are shown only where the layouts would look alike without them.
std::string mismatch(const std::string& first_name, const Port& first, const std::string& name, const Port& port) {
  const bool alike = what_flows(first, false) == what_flows(port, false);
  return quote(name) + " carries " + what_flows(port, alike) + ", but " + quote(first_name) + " carries " +
         what_flows(first, alike);
}

/// Plans one channel of the file.
class Connection {
 public:
  Connection(Resolver& resolver, std::size_t index)
      : resolver_(resolver),
        channel_(resolver.graph.channels[index]),
        index_(index),
        key_(channel_key(resolver.graph, index)) {
    planned_.name = channel_.name;
    planned_.life = channel_.life;
    planned_.when_full = channel_.when_full;
    planned_.placement = channel_.placement;
  }

  void plan() {
    add_producer();
    for (std::size_t reader = 0; reader < channel_.to.size(); ++reader) add_consumer(reader);
    resolver_.out.plan.channels.push_back(std::move(planned_));
  }

 private:
  void add_producer() {
    planned_.producer_port = channel_.from.port;
    const auto actor = index_of(resolver_.graph, channel_.from.actor);
    if (!actor) return;
    planned_.producer = *actor;
    PlannedActor& producer = resolver_.out.plan.actors[*actor];
    const Port* const port = find_port(resolver_, producer, channel_.from, Direction::Output, key_ + ".from");
    if (port == nullptr) return;
    producer.outputs.push_back({port_index(producer, *port), index_, 0});
    learn(channel_.from, *port, key_ + ".from");
  }

  void add_consumer(std::size_t reader) {
    const Endpoint& end = channel_.to[reader];
    const std::string key = key_ + (channel_.to.size() == 1 ? ".to" : ".to[" + std::to_string(reader) + "]");
    const auto actor = index_of(resolver_.graph, end.actor);
    planned_.consumers.push_back(actor.value_or(0));
    planned_.consumer_ports.push_back(end.port);
    if (!actor) return;
    PlannedActor& consumer = resolver_.out.plan.actors[*actor];
    const Port* const port = find_port(resolver_, consumer, end, Direction::Input, key);
    if (port == nullptr) return;
    const std::size_t port_at = port_index(consumer, *port);
    const bool taken = std::ranges::find(consumer.inputs, port_at, &End::port) != consumer.inputs.end();
    if (taken && !port->many)
      resolver_.add(end.position, key, "the input " + quote(end.text()) + " takes one channel, and this is its second");
    consumer.inputs.push_back({port_at, index_, reader});
    learn(end, *port, key);
  }

  static std::size_t port_index(const PlannedActor& actor, const Port& port) {
    return static_cast<std::size_t>(&port - actor.type.ports.data());
  }

  /// Holds one end against the first that said what flows, and becomes that first one if there was none.
  void learn(const Endpoint& end, const Port& port, const std::string& key) {
    if (port.kind == Kind::Any) return;
    if (!known_by_) {
      known_by_ = end.text();
      known_ = port;
      planned_.known = true;
      planned_.frames = port.kind == Kind::Frames;
      planned_.message = port.message;
      return;
    }
    if (!carry_the_same(known_, port)) resolver_.add(end.position, key, mismatch(*known_by_, known_, end.text(), port));
    const bool describes_better = planned_.message.fields.empty() && port.kind == Kind::Messages;
    if (describes_better) planned_.message.fields = known_.message.fields = port.message.fields;
  }

  Resolver& resolver_;
  const config::Channel& channel_;
  std::size_t index_;
  std::string key_;
  PlannedChannel planned_;
  std::optional<std::string> known_by_;  ///< the end that said first what flows
  Port known_;
};

void check_ports(Resolver& resolver, const PlannedActor& actor) {
  for (std::size_t i = 0; i < actor.type.ports.size(); ++i) {
    const Port& port = actor.type.ports[i];
    const bool is_input = port.direction == Direction::Input;
    const std::vector<End>& ends = is_input ? actor.inputs : actor.outputs;
    if (port.optional || std::ranges::find(ends, i, &End::port) != ends.end()) continue;
    resolver.add(actor.spec.position, "actors." + actor.spec.name,
                 std::string("no channel is connected to the ") + (is_input ? "input " : "output ") + quote(port.name));
  }
}

}  // namespace

std::string channel_key(const config::Graph& graph, std::size_t channel) {
  const std::string& file = graph.channels[channel].position.file;
  const auto earlier =
      std::count_if(graph.channels.begin(), graph.channels.begin() + static_cast<std::ptrdiff_t>(channel),
                    [&](const config::Channel& other) { return other.position.file == file; });
  return "channels[" + std::to_string(earlier) + "]";
}

void connect(Resolver& resolver) {
  for (std::size_t i = 0; i < resolver.graph.channels.size(); ++i) Connection(resolver, i).plan();
}

void check_connected(Resolver& resolver) {
  for (const PlannedActor& actor : resolver.out.plan.actors) {
    if (actor.unavailable.empty()) check_ports(resolver, actor);
    const std::size_t ends = actor.inputs.size() + actor.outputs.size();
    if (ends > kMostEnds)
      resolver.add(
          actor.spec.position, "actors." + actor.spec.name,
          "expected at most " + std::to_string(kMostEnds) + " ends of channels, found " + std::to_string(ends));
  }
}

}  // namespace steady::topology
