#include <string_view>

#include "config/draft.hpp"

namespace steady::config {
namespace {

constexpr std::uint64_t kLargestCapacity = 1ULL << 30;

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view actor = text.substr(0, dot);
  const std::string_view port = text.substr(dot + 1);
  if (!is_name(actor) || !is_name(port)) return std::nullopt;
  return Endpoint{std::string(actor), std::string(port), {}};
}

void add_endpoint(const Reader& reader, const Item& item, std::string_view text, std::vector<Endpoint>& out) {
  auto endpoint = parse_endpoint(text);
  if (!endpoint) return reader.add(item, "expected ACTOR.PORT, found " + quote(text));
  endpoint->position = item.position;
  out.push_back(*endpoint);
}

/// "a.out -> b.in"
void read_arrow(const Reader& reader, const Item& item, DraftChannel& draft) {
  const std::string expected = "'ACTOR.PORT -> ACTOR.PORT' or a map with 'from' and 'to'";
  const auto text = scalar(reader, item, expected);
  if (!text) return;
  const std::size_t arrow = text->find("->");
  if (arrow == std::string::npos) return reader.add(item, "expected " + expected + ", found " + quote(*text));
  std::vector<Endpoint> from;
  add_endpoint(reader, item, trimmed(std::string_view(*text).substr(0, arrow)), from);
  add_endpoint(reader, item, trimmed(std::string_view(*text).substr(arrow + 2)), draft.channel.to);
  if (!from.empty()) draft.channel.from = from.front();
  draft.from_path = item.path;
  draft.to_paths.assign(draft.channel.to.size(), item.path);
}

void read_reader(const Reader& reader, const Item& item, DraftChannel& draft) {
  const auto text = scalar(reader, item, "ACTOR.PORT");
  if (!text) return;
  add_endpoint(reader, item, *text, draft.channel.to);
  draft.to_paths.resize(draft.channel.to.size(), item.path);
}

void read_readers(const Reader& reader, const Map& map, DraftChannel& draft) {
  const Item* const to = map.require("to", "ACTOR.PORT or a list of them");
  if (to == nullptr) return;
  if (to->node.IsScalar()) return read_reader(reader, *to, draft);
  const auto items = elements(reader, *to, "ACTOR.PORT or a list of them");
  if (to->node.IsSequence() && items.empty()) reader.add(*to, "expected at least one ACTOR.PORT, found an empty list");
  for (const Item& item : items) read_reader(reader, item, draft);
}

void read_producer(const Reader& reader, const Map& map, DraftChannel& draft) {
  const Item* const from = map.require("from", "ACTOR.PORT");
  if (from == nullptr) return;
  const auto text = scalar(reader, *from, "ACTOR.PORT");
  if (!text) return;
  std::vector<Endpoint> producer;
  add_endpoint(reader, *from, *text, producer);
  if (!producer.empty()) draft.channel.from = producer.front();
  draft.from_path = from->path;
}

void read_channel_map(const Reader& reader, const Item& item, const Draft& whole, DraftChannel& draft) {
  const Map map(reader, item, sections::kChannel, "'ACTOR.PORT -> ACTOR.PORT' or a map with 'from' and 'to'");
  read_producer(reader, map, draft);
  read_readers(reader, map, draft);
  map.read("capacity", rules::size(1, kLargestCapacity), draft.channel.capacity);
  map.read("window", rules::size(1, kLargestCapacity), draft.channel.window);
  map.read("life", rules::channel_life(), draft.channel.life);
  map.read("when_full", rules::when_full(), draft.channel.when_full);
  map.read("injectable", rules::boolean(), draft.channel.injectable);
  draft.channel.placement = read_channel_placement(map);
  if (const Item* const triggers = map.find("triggers"))
    draft.channel.triggers = read_triggers(reader, *triggers, TriggerOf::Channel, whole);
}

}  // namespace

void read_channels(const Reader& reader, const Item& item, Draft& draft) {
  for (const Item& element : elements(reader, item, "a list of channels")) {
    DraftChannel channel;
    channel.path = element.path;
    channel.channel.position = element.position;
    if (element.node.IsScalar())
      read_arrow(reader, element, channel);
    else
      read_channel_map(reader, element, draft, channel);
    if (!channel.channel.from.actor.empty()) channel.channel.name = channel.channel.from.text();
    draft.channels.push_back(std::move(channel));
  }
}

}  // namespace steady::config
