#include "config/draft.hpp"

namespace steady::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMostMessages = 1ULL << 30;

void read_params(const Reader& reader, const Item& item, Actor& actor) {
  for (const Entry& entry : entries(reader, item, "a map of the plugin's parameters")) {
    if (!is_name(entry.key))
      reader.report.add(entry.key_position, entry.value.path, "expected a parameter's name, found " + quote(entry.key));
    const auto text = scalar(reader, entry.value, "a single value");
    if (text) actor.params[entry.key] = {*text, entry.value.position};
  }
}

void read_input(const Reader& reader, const Entry& entry, Actor& actor) {
  if (!is_name(entry.key))
    reader.report.add(entry.key_position, entry.value.path, "expected an input's name, found " + quote(entry.key));
  InputTuning tuning;
  tuning.position = entry.key_position;
  const Map map(reader, entry.value, sections::kInput, "a map of min, max and max_wait");
  map.read("min", rules::size(1, kMostMessages), tuning.min);
  map.read("max", rules::size(1, kMostMessages), tuning.max);
  map.read("max_wait", rules::duration(0ns, 1h), tuning.max_wait);
  if (tuning.max && tuning.min > *tuning.max)
    reader.add(*map.find("max"),
               "expected at least the min of " + std::to_string(tuning.min) + ", found " + std::to_string(*tuning.max));
  actor.inputs[entry.key] = tuning;
}

void read_type(const Map& map, Actor& actor) {
  map.require("plugin", "the name of a plugin");
  map.read("plugin", rules::name("the name of a plugin"), actor.plugin);
  map.read("type", rules::name("the name of an actor type"), actor.type);
}

void read_supervised(const Map& map, Actor& actor) {
  map.read("restart", rules::restart(), actor.restart);
  map.read("shutdown", rules::shutdown(), actor.shutdown);
  map.read("significant", rules::boolean(), actor.significant);
  map.read("start_timeout", rules::duration(1ms, 1h), actor.start_timeout);
  map.read("watchdog", rules::watchdog(), actor.watchdog);
  map.read("worker", rules::name("the name of a shared worker"), actor.worker);
  map.read("thread", rules::name("the name of a thread of a shared worker"), actor.thread);
  map.read("standby", rules::boolean(), actor.standby);
}

void read_poison(const Map& map, Actor& actor) {
  map.read("poison", rules::poison(), actor.poison);
  map.read("max_deliveries", rules::integer(1, 1000), actor.max_deliveries);
}

Actor read_actor(const Reader& reader, const Entry& entry, const Draft& draft) {
  Actor actor;
  actor.name = entry.key;
  actor.position = entry.key_position;
  const Map map(reader, entry.value, sections::kActor, "a map with at least 'plugin'");
  read_type(map, actor);
  read_supervised(map, actor);
  read_poison(map, actor);
  map.read("wait", rules::wait(), actor.wait);
  map.read("life", rules::actor_life(), actor.life);
  actor.placement = read_placement(reader, map);
  if (const Item* const item = map.find("params")) read_params(reader, *item, actor);
  if (const Item* const item = map.find("inputs"))
    for (const Entry& input : entries(reader, *item, "a map from input ports to min, max and max_wait"))
      read_input(reader, input, actor);
  if (const Item* const item = map.find("triggers"))
    actor.triggers = read_triggers(reader, *item, TriggerOf::Actor, draft);
  return actor;
}

}  // namespace

void read_actors(const Reader& reader, const Item& item, Draft& draft) {
  draft.has_actors_key = true;
  for (const Entry& entry : entries(reader, item, "a map from names to actors")) {
    if (!is_name(entry.key))
      reader.report.add(entry.key_position, entry.value.path,
                        "expected " + rules::name("an actor's name").expected + ", found " + quote(entry.key));
    const Actor* const earlier = draft.graph.find_actor(entry.key);
    if (earlier != nullptr)
      reader.report.add(entry.key_position, entry.value.path,
                        "the actor " + quote(entry.key) + " is already in " + earlier->position.file + ":" +
                            std::to_string(earlier->position.line));
    Actor actor = read_actor(reader, entry, draft);
    if (earlier == nullptr) draft.graph.actors.push_back(std::move(actor));
  }
}

}  // namespace steady::config
