// The configuration held against what the plugins say: which actor has which ports, what each channel carries and how
// large its ring is. Pure: no I/O, no clock. Indices name things within one Plan; names are stable across plans.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/model.hpp"
#include "topology/description.hpp"

namespace steady::topology {

/// One end of a channel at an actor: a lane of an input port, or an output port's channel.
struct End {
  std::size_t port = 0;     ///< index into ActorType::ports
  std::size_t channel = 0;  ///< index into Plan::channels
  std::size_t reader = 0;   ///< which of the channel's readers this is; 0 for an output
};

struct PlannedActor {
  config::Actor spec;
  std::string unavailable;  ///< why the plugin cannot be used, or empty; then `type` holds nothing but the name
  std::string refused;      ///< what of its placement this machine does not allow, and why; or empty
  ActorType type;
  std::vector<End> inputs;   ///< lanes, in the order of the file's channels
  std::vector<End> outputs;
  std::size_t worker = 0;    ///< index into Plan::workers
  std::size_t bell = 0;      ///< index into Plan::actors: whose doorbell its thread sleeps on; of a shared thread the first
};

/// Reader `r` of a channel is the actor and port that `to[r]` of the configuration names.
struct PlannedChannel {
  std::string name;
  std::size_t producer = 0;            ///< index into Plan::actors
  std::vector<std::size_t> consumers;  ///< one per reader, in order
  std::vector<std::string> consumer_ports;
  std::string producer_port;
  bool known = false;           ///< false: no end could be described, so nothing can flow yet
  bool frames = false;
  Message message;              ///< what it carries, when not frames
  std::uint64_t capacity_messages = 0;  ///< 0 for frames
  std::uint64_t capacity_bytes = 0;     ///< bytes that may be in flight: capacity_messages × size, or the frames' bytes
  std::uint64_t window = 0;             ///< of the capacity, in its unit, what the producer may have in flight
  std::uint64_t window_bytes = 0;       ///< the same in bytes
  config::Life life = config::Life::Memory;
  config::WhenFull when_full = config::WhenFull::Block;
  config::ChannelPlacement placement;

  /// Less may be in flight than the ring holds.
  [[nodiscard]] bool is_narrowed() const { return window_bytes < capacity_bytes; }
};

/// Changes the window, in the unit of the capacity.
void set_window(PlannedChannel& channel, std::uint64_t window);

/// The least window that a channel of frames may have, in bytes.
inline constexpr std::uint64_t kLeastFrameBytes = 4096;

/// One process; the unit of crash.
struct PlannedWorker {
  std::string name;
  std::vector<std::size_t> actors;
  config::Placement placement{};  ///< what its actors say, taken together
};

struct Plan {
  std::vector<PlannedActor> actors;      ///< in file order
  std::vector<PlannedChannel> channels;  ///< in file order
  std::vector<PlannedWorker> workers;    ///< in the order of their first actor
};

/// What describing a plugin gave: its description, or why there is none.
using Descriptions = std::map<std::string, Result<Description>>;

struct Resolution {
  Plan plan;
  config::Diagnostics diagnostics;  ///< everything that contradicts a plugin; empty when the plan may run
};

/// Holds `graph` against `descriptions` (keyed by the plugin's name as written in the configuration). A plugin that
/// could not be described is no diagnostic: its actors are `unavailable`, and the rest is planned.
/// Diagnostics: unknown type, port or parameter (with "did you mean"), a parameter's value that does not parse as its
/// type, a missing required parameter, an unconnected port that is not optional, two channels into a port that takes
/// one, ends of a channel that carry different messages (both layouts are printed), a capacity that is too small.
[[nodiscard]] Resolution resolve(const config::Graph& graph, const Descriptions& descriptions);

}  // namespace steady::topology
