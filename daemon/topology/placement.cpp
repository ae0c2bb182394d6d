#include "topology/placement.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

#include "base/cpu_list.hpp"
#include "base/units.hpp"
#include "topology/resolver.hpp"

namespace steady::topology {
namespace {

using Cpus = std::vector<unsigned>;

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::array kPolicyWords{"fifo", "rr"};

Cpus without(const Cpus& from, const Cpus& taken) {
  Cpus left;
  std::ranges::set_difference(from, taken, std::back_inserter(left));
  return left;
}

Cpus common(const Cpus& one, const Cpus& other) {
  Cpus both;
  std::ranges::set_intersection(one, other, std::back_inserter(both));
  return both;
}

std::string is_or_are(const Cpus& cpus) {
  return "CPU " + format_cpu_list(cpus) + (cpus.size() == 1 ? " is" : " are");
}

std::string text(const config::Scheduling& sched) {
  return std::string(kPolicyWords[static_cast<std::size_t>(sched.policy)]) + " " + std::to_string(sched.priority);
}

std::string why_not_cpus(const Cpus& wish, const Machine& machine) {
  if (const Cpus missing = without(wish, machine.online_cpus); !missing.empty())
    return is_or_are(missing) + " not there or not online; this machine has " + format_cpu_list(machine.online_cpus);
  if (const Cpus closed = without(wish, machine.allowed_cpus); !closed.empty())
    return is_or_are(closed) + " closed to steadyd, which may use " + format_cpu_list(machine.allowed_cpus) +
           ": AllowedCPUs= in the unit, or the cpuset of the container, says so";
  return {};
}

std::string why_not_nice(int wish, const Machine& machine) {
  const auto needed = static_cast<std::uint64_t>(20 - wish);
  if (wish >= machine.nice || machine.has_sys_nice || needed <= machine.nice_limit) return {};
  return std::to_string(wish) + " needs a RLIMIT_NICE of " + std::to_string(needed) + ", which is " +
         std::to_string(machine.nice_limit) + ": LimitNICE=" + std::to_string(wish) + " in the unit, or CAP_SYS_NICE";
}

std::string why_not_sched(const config::Scheduling& wish, const Machine& machine) {
  if (machine.has_sys_nice || wish.priority <= machine.real_time_limit) return {};
  const std::string needed = std::to_string(wish.priority);
  return text(wish) + " needs a RLIMIT_RTPRIO of " + needed + ", which is " + std::to_string(machine.real_time_limit) +
         ": LimitRTPRIO=" + needed + " in the unit, or CAP_SYS_NICE";
}

std::string why_not_node(unsigned wish, const Machine& machine) {
  if (machine.nodes.contains(wish)) return {};
  Cpus numbers;
  for (const auto& [node, cpus] : machine.nodes) numbers.push_back(node);
  const std::string there = numbers.empty() ? "none: its kernel knows no NUMA" : format_cpu_list(numbers);
  return "there is no memory of a node " + std::to_string(wish) + " that steadyd may use; this machine has " + there;
}

/// What a worker will map in its life is unknown, so any limit might end it some day.
std::string why_not_locked(const Machine& machine) {
  if (machine.has_ipc_lock || !machine.lock_limit_bytes) return {};
  return "needs a RLIMIT_MEMLOCK without limit, which is " + format_size(*machine.lock_limit_bytes) +
         " bytes: LimitMEMLOCK=infinity in the unit, or CAP_IPC_LOCK";
}

std::string why_no_huge_pages(std::uint64_t ring_bytes, const Machine& machine) {
  if (machine.huge_page_bytes == 0) return "this kernel has no transparent huge pages";
  if (machine.huge_page_bytes != kHugePageBytes)
    return "huge pages of this machine have " + format_size(machine.huge_page_bytes) + " bytes; only those of " +
           format_size(kHugePageBytes) + " are used";
  if (!machine.can_collapse) return "this kernel cannot make huge pages on demand; Linux 6.1 and later can";
  if (machine.shmem_huge_pages == "deny")
    return "/sys/kernel/mm/transparent_hugepage/shmem_enabled is deny; any other value will do";
  if (!machine.runs_in_memory) return "the runtime directory is not on a tmpfs";
  if (ring_bytes < kHugePageBytes)
    return "a ring of " + format_size(ring_bytes) + " bytes is smaller than a huge page of " +
           format_size(kHugePageBytes) + ": a capacity of more than " + format_size(kHugePageBytes / 2) + " bytes will do";
  return {};
}

/// As ipc/segments makes it.
std::uint64_t ring_bytes(const PlannedChannel& channel) {
  return std::bit_ceil(std::max(channel.capacity_bytes, kPageBytes));
}

/// What the ends of one worker lock: each ring appears twice in its memory, and each reader has a page.
std::uint64_t locked_bytes(const Plan& plan, const PlannedWorker& worker) {
  std::uint64_t sum = 0;
  const auto add = [&](const End& end, bool all_readers) {
    const PlannedChannel& channel = plan.channels[end.channel];
    if (channel.placement.lock_memory)
      sum += kPageBytes + 2 * ring_bytes(channel) + kPageBytes * (all_readers ? channel.consumers.size() : 1);
  };
  for (const std::size_t actor : worker.actors) {
    for (const End& end : plan.actors[actor].inputs) add(end, false);
    for (const End& end : plan.actors[actor].outputs) add(end, true);
  }
  return sum;
}

void refuse(PlannedActor& actor, const std::string& why) {
  actor.refused += (actor.refused.empty() ? "" : "; ") + why;
}

void place_actors(Plan& plan, const Machine& machine, config::Diagnostics& out) {
  for (PlannedActor& actor : plan.actors)
    for (const Refusal& refusal : refusals(actor.spec.placement, machine)) {
      refuse(actor, refusal.key + ": " + refusal.why);
      out.push_back({actor.spec.position, "actors." + actor.spec.name + "." + refusal.key, refusal.why});
    }
}

void place_channels(Plan& plan, const config::Graph& graph, const Machine& machine, config::Diagnostics& out) {
  for (std::size_t i = 0; i < plan.channels.size(); ++i) {
    const PlannedChannel& channel = plan.channels[i];
    if (!channel.known) continue;  // it cannot run anyway
    for (const Refusal& refusal : refusals(channel.placement, ring_bytes(channel), machine)) {
      const std::string why = "channel " + channel.name + ": " + refusal.key + ": " + refusal.why;
      refuse(plan.actors[channel.producer], why);
      for (const std::size_t consumer : channel.consumers) refuse(plan.actors[consumer], why);
      out.push_back({graph.channels[i].position, channel_key(graph, i) + "." + refusal.key, refusal.why});
    }
  }
}

/// A worker that locks all of its memory needs more than this anyway, and has it or is refused.
void check_locks(Plan& plan, const Machine& machine, config::Diagnostics& out) {
  if (machine.has_ipc_lock || !machine.lock_limit_bytes) return;
  for (const PlannedWorker& worker : plan.workers) {
    const std::uint64_t needed = locked_bytes(plan, worker);
    if (needed <= *machine.lock_limit_bytes) continue;
    PlannedActor& actor = plan.actors[worker.actors.front()];
    const std::string why = "its channels with lock_memory have " + format_size(needed) +
                            " bytes, and RLIMIT_MEMLOCK is " + format_size(*machine.lock_limit_bytes) +
                            ": LimitMEMLOCK=" + std::to_string(needed) + " in the unit, or CAP_IPC_LOCK";
    refuse(actor, why);
    out.push_back({actor.spec.position, "actors." + actor.spec.name, why});
  }
}

void use_cpus_of_nodes(Plan& plan, const Machine& machine) {
  for (PlannedWorker& worker : plan.workers) {
    config::Placement& placement = worker.placement;
    if (!placement.numa || placement.cpus) continue;
    const auto node = machine.nodes.find(*placement.numa);
    if (node == machine.nodes.end()) continue;
    // A node may have memory only, or all its CPUs may be closed; then its memory is all that was asked for.
    if (Cpus cpus = common(node->second, machine.allowed_cpus); !cpus.empty()) placement.cpus = std::move(cpus);
  }
}

void add(std::vector<Refusal>& out, const char* key, std::string why) {
  if (!why.empty()) out.push_back({key, std::move(why)});
}

}  // namespace

std::vector<Refusal> refusals(const config::Placement& wish, const Machine& machine) {
  std::vector<Refusal> out;
  if (wish.cpus) add(out, "cpus", why_not_cpus(*wish.cpus, machine));
  if (wish.nice) add(out, "nice", why_not_nice(*wish.nice, machine));
  if (wish.sched) add(out, "sched", why_not_sched(*wish.sched, machine));
  if (wish.numa) add(out, "numa", why_not_node(*wish.numa, machine));
  if (wish.lock_memory.value_or(false)) add(out, "lock_memory", why_not_locked(machine));
  return out;
}

std::vector<Refusal> refusals(const config::ChannelPlacement& wish, std::uint64_t ring_bytes, const Machine& machine) {
  std::vector<Refusal> out;
  if (wish.numa) add(out, "numa", why_not_node(*wish.numa, machine));
  if (wish.huge_pages) add(out, "huge_pages", why_no_huge_pages(ring_bytes, machine));
  return out;
}

bool wants_placement(const config::Graph& graph) {
  return std::ranges::any_of(graph.actors, [](const auto& actor) { return !shown(actor.placement).empty(); }) ||
         std::ranges::any_of(graph.channels, [](const auto& channel) { return !shown(channel.placement).empty(); });
}

config::Diagnostics place(Plan& plan, const config::Graph& graph, const Machine& machine) {
  config::Diagnostics out;
  place_actors(plan, machine, out);
  place_channels(plan, graph, machine, out);
  check_locks(plan, machine, out);
  use_cpus_of_nodes(plan, machine);
  return out;
}

std::map<std::string, std::string> shown(const config::Placement& placement) {
  std::map<std::string, std::string> out;
  if (placement.cpus) out["cpus"] = format_cpu_list(*placement.cpus);
  if (placement.nice) out["nice"] = std::to_string(*placement.nice);
  if (placement.sched) out["sched"] = text(*placement.sched);
  if (placement.numa) out["numa"] = std::to_string(*placement.numa);
  if (placement.lock_memory.value_or(false)) out["lock_memory"] = "true";
  return out;
}

std::map<std::string, std::string> shown(const config::ChannelPlacement& placement) {
  std::map<std::string, std::string> out;
  if (placement.numa) out["numa"] = std::to_string(*placement.numa);
  if (placement.lock_memory) out["lock_memory"] = "true";
  if (placement.huge_pages) out["huge_pages"] = "true";
  return out;
}

}  // namespace steady::topology
