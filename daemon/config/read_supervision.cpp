#include "base/units.hpp"
#include "config/draft.hpp"

namespace steady::config {
namespace {

using namespace std::chrono_literals;

void read_backoff(const Reader& reader, const Item& item, Backoff& backoff) {
  const Map map(reader, item, sections::kBackoff, "a map of back-off settings");
  map.read("first", rules::duration(0ns, 24h), backoff.first);
  map.read("min", rules::duration(1ms, 24h), backoff.min);
  map.read("max", rules::duration(1ms, 24h), backoff.max);
  map.read("factor", rules::real(1, 100), backoff.factor);
  map.read("jitter", rules::real(0, 1), backoff.jitter);
  map.read("stable", rules::duration(1ms, 24h), backoff.stable);
  const auto at_most_max = [&](const char* key, std::chrono::nanoseconds wait) {
    if (wait <= backoff.max) return;
    const Item* const own = map.find(key);
    const Item* const max = map.find("max");
    reader.add(own != nullptr ? *own : *max, std::string("'") + key + "' of " + format_duration(wait) +
                                                 " is above 'max' of " + format_duration(backoff.max));
  };
  at_most_max("first", backoff.first);
  at_most_max("min", backoff.min);
}

void read_settings(const Reader& reader, const Map& map, Supervisor& supervisor) {
  map.read("name", rules::name("a supervisor's name"), supervisor.name);
  map.read("strategy", rules::strategy(), supervisor.strategy);
  map.read("intensity", rules::integer(0, 10'000), supervisor.intensity);
  map.read("period", rules::duration(1ms, 24h), supervisor.period);
  map.read("shutdown", rules::shutdown(), supervisor.shutdown);
  map.read("significant", rules::boolean(), supervisor.significant);
  map.read("restart", rules::restart(), supervisor.restart);
  map.read("auto_shutdown", rules::auto_shutdown(), supervisor.auto_shutdown);
  map.read("on_give_up", rules::on_give_up(), supervisor.on_give_up);
  if (const Item* const item = map.find("backoff")) read_backoff(reader, *item, supervisor.backoff);
}

std::size_t mention(Draft& draft, const Supervisor& supervisor, const Item& item, std::size_t parent) {
  draft.supervisors.push_back({supervisor.name, item.path, supervisor.auto_shutdown, supervisor.significant,
                               supervisor.restart, parent, item.position});
  return draft.supervisors.size() - 1;
}

void read_children(const Reader& reader, const Item& item, std::size_t self, Supervisor& supervisor, Draft& draft);

void read_nested(const Reader& reader, const Item& item, std::size_t parent, Supervisor& into, Draft& draft) {
  Supervisor supervisor;
  supervisor.name.clear();  // required; "root" is the name of the root alone
  supervisor.position = item.position;
  const Map map(reader, item, sections::kSupervisor, "a map of supervisor settings");
  map.require("name", "a name that no other supervisor has");
  read_settings(reader, map, supervisor);
  const std::size_t self = mention(draft, supervisor, item, parent);
  if (const Item* const children = map.require("children", "a list of actors and supervisors"))
    read_children(reader, *children, self, supervisor, draft);
  else
    draft.membership_is_known = false;
  into.children.emplace_back(std::move(supervisor));
}

void read_child(const Reader& reader, const Item& item, std::size_t self, Supervisor& supervisor, Draft& draft) {
  const std::string expected = "an actor's name or a map with 'supervisor'";
  if (!item.node.IsScalar()) {
    const Map map(reader, item, sections::kChild, expected);
    const Item* const nested = map.require("supervisor", "a map of supervisor settings");
    if (nested != nullptr) return read_nested(reader, *nested, self, supervisor, draft);
    draft.membership_is_known = false;
    return;
  }
  const auto text = scalar(reader, item, expected);
  if (!text) return;
  supervisor.children.emplace_back(*text);
  draft.children.push_back({*text, item.path, self, item.position});
}

void read_children(const Reader& reader, const Item& item, std::size_t self, Supervisor& supervisor, Draft& draft) {
  const auto items = elements(reader, item, "a list of actors and supervisors");
  if (items.empty()) draft.membership_is_known = false;
  if (item.node.IsSequence() && items.empty()) reader.add(item, "expected at least one child, found an empty list");
  for (const Item& child : items) read_child(reader, child, self, supervisor, draft);
}

/// No supervisor stands above the root, so nothing would ever look at these.
void refuse_child_keys(const Reader& reader, const Map& map) {
  for (const char* const key : {"restart", "significant"})
    if (const Item* const item = map.find(key)) reader.add(*item, "has no meaning here: nothing supervises the root");
}

}  // namespace

void read_supervision(const Reader& reader, const Item& item, Draft& draft) {
  Supervisor& root = draft.graph.supervision;
  root.position = item.position;
  const Map map(reader, item, sections::kSupervisor, "a map of supervisor settings");
  read_settings(reader, map, root);
  refuse_child_keys(reader, map);
  const std::size_t self = mention(draft, root, item, 0);
  const Item* const children = map.find("children");
  draft.lists_children = children != nullptr;
  if (children != nullptr) read_children(reader, *children, self, root, draft);
}

}  // namespace steady::config
