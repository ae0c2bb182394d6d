// Wishes for a place held against what the machine allows. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "topology/machine.hpp"
#include "topology/plan.hpp"

namespace steady::topology {

/// A huge page of the data path: the ends of a channel are aligned to it.
inline constexpr std::uint64_t kHugePageBytes = 2ULL << 20;

/// One key that the machine does not allow, and what would help.
struct Refusal {
  std::string key;
  std::string why;
};

/// Each key of an actor that a worker could not have.
[[nodiscard]] std::vector<Refusal> refusals(const config::Placement& wish, const Machine& machine);

/// The same for a channel whose data area has `ring_bytes`.
[[nodiscard]] std::vector<Refusal> refusals(const config::ChannelPlacement& wish, std::uint64_t ring_bytes,
                                            const Machine& machine);

/// Whether anything is to be placed at all; if not, nobody needs to look at the machine.
[[nodiscard]] bool wants_placement(const config::Graph& graph);

/// Holds every wish of the plan, which was made from `graph`, against the machine. Fills PlannedActor::refused, also for
/// the actors at a channel that is refused, and gives workers on a node the CPUs of that node. Returns what was refused.
config::Diagnostics place(Plan& plan, const config::Graph& graph, const Machine& machine);

/// The keys that are set, as the configuration would say them.
[[nodiscard]] std::map<std::string, std::string> shown(const config::Placement& placement);
[[nodiscard]] std::map<std::string, std::string> shown(const config::ChannelPlacement& placement);

}  // namespace steady::topology
