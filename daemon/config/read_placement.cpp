#include <algorithm>

#include "config/draft.hpp"

namespace steady::config {
namespace {

/// `cpus: 1`, `cpus: 0-3` or `cpus: [0, 2-3]`; what is wrong in it is reported.
std::optional<std::vector<unsigned>> read_cpus(const Reader& reader, const Item& item) {
  if (item.node.IsScalar()) return value(reader, item, rules::cpus());
  std::vector<unsigned> all;
  const auto items = elements(reader, item, "a CPU such as 2, a range such as 0-3, or a list of them");
  if (item.node.IsSequence() && items.empty()) reader.add(item, "expected at least one CPU, found an empty list");
  for (const Item& element : items)
    if (const auto cpus = value(reader, element, rules::cpus())) all.insert(all.end(), cpus->begin(), cpus->end());
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all.empty() ? std::nullopt : std::optional(std::move(all));
}

/// `sched: fifo` or `sched: {policy: fifo, priority: 10}`.
std::optional<Scheduling> read_sched(const Reader& reader, const Item& item) {
  Scheduling sched;
  if (item.node.IsScalar()) {
    const auto policy = value(reader, item, rules::real_time());
    if (!policy) return std::nullopt;
    sched.policy = *policy;
    return sched;
  }
  const Map map(reader, item, sections::kSched, "fifo, rr or a map of policy and priority");
  map.require("policy", "fifo or rr");
  map.read("policy", rules::real_time(), sched.policy);
  map.read("priority", rules::integer(1, 99), sched.priority);
  return sched;
}

}  // namespace

Placement read_placement(const Reader& reader, const Map& map) {
  Placement placement;
  if (const Item* const item = map.find("cpus")) placement.cpus = read_cpus(reader, *item);
  map.read("nice", rules::nice(), placement.nice);
  if (const Item* const item = map.find("sched")) placement.sched = read_sched(reader, *item);
  map.read("numa", rules::numa_node(), placement.numa);
  map.read("lock_memory", rules::boolean(), placement.lock_memory);
  return placement;
}

ChannelPlacement read_channel_placement(const Map& map) {
  ChannelPlacement placement;
  map.read("numa", rules::numa_node(), placement.numa);
  map.read("lock_memory", rules::boolean(), placement.lock_memory);
  map.read("huge_pages", rules::boolean(), placement.huge_pages);
  return placement;
}

}  // namespace steady::config
