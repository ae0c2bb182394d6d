#include <algorithm>

#include "base/units.hpp"
#include "topology/resolver.hpp"

namespace steady::topology {
namespace {

constexpr std::uint64_t kDefaultMessages = 64 * 1024;
constexpr std::uint64_t kDefaultFrameBytes = 1ULL << 20;
constexpr std::uint64_t kLargestDefaultBytes = 64ULL << 20;  // of messages; large ones get fewer
constexpr std::uint64_t kLargestBytes = 1ULL << 30;

void size_frames(Resolver& resolver, const config::Channel& asked, const std::string& key, PlannedChannel& channel) {
  channel.capacity_bytes = asked.capacity.value_or(kDefaultFrameBytes);
  if (channel.capacity_bytes >= kLeastFrameBytes && channel.capacity_bytes <= kLargestBytes) return;
  resolver.add(asked.position, key,
               "a channel of frames needs 4Ki to 1Gi bytes, found " + format_size(channel.capacity_bytes));
}

void size_messages(Resolver& resolver, const config::Channel& asked, const std::string& key, PlannedChannel& channel) {
  const std::uint64_t size = std::max<std::uint64_t>(1, channel.message.size_bytes);
  const std::uint64_t usual = std::clamp<std::uint64_t>(kLargestDefaultBytes / size, 1, kDefaultMessages);
  channel.capacity_messages = asked.capacity.value_or(usual);
  const std::uint64_t most = kLargestBytes / size;
  if (channel.capacity_messages < 1 || channel.capacity_messages > most) {
    resolver.add(asked.position, key,
                 "expected 1 to " + format_size(most) + " messages of " + std::to_string(size) +
                     " bytes (at most 1GiB in all), found " + format_size(channel.capacity_messages));
    channel.capacity_messages = usual;
  }
  channel.capacity_bytes = channel.capacity_messages * size;
}

/// After the capacity.
void size_window(Resolver& resolver, const config::Channel& asked, const std::string& key, PlannedChannel& channel) {
  const std::uint64_t capacity = channel.frames ? channel.capacity_bytes : channel.capacity_messages;
  const std::uint64_t least = channel.frames ? kLeastFrameBytes : 1;
  set_window(channel, asked.window.value_or(capacity));
  if (!asked.window || (channel.window >= least && channel.window <= capacity)) return;
  resolver.add(asked.position, key,
               "expected " + format_size(least) + " up to the capacity of " + format_size(capacity) + ", found " +
                   format_size(channel.window));
}

/// A step that waits for more than fits would never run.
void check_tuning(Resolver& resolver, const PlannedActor& actor, const End& end) {
  const PlannedChannel& channel = resolver.out.plan.channels[end.channel];
  const std::string& port = actor.type.ports[end.port].name;
  const auto tuning = actor.spec.inputs.find(port);
  if (tuning == actor.spec.inputs.end() || !channel.known || channel.frames) return;
  const auto check = [&](const char* setting, std::uint64_t value, std::uint64_t most, const char* why) {
    if (value <= most) return;
    resolver.add(tuning->second.position, "actors." + actor.spec.name + ".inputs." + port + "." + setting,
                 "expected at most the " + format_size(most) + " messages that the " + why + " '" + channel.name +
                     "' holds, found " + format_size(value));
  };
  const bool narrow = channel.window < channel.capacity_messages;
  check("min", tuning->second.min, channel.window, narrow ? "window of the channel from" : "channel from");
  if (tuning->second.max) check("max", *tuning->second.max, channel.capacity_messages, "channel from");
}

}  // namespace

void set_window(PlannedChannel& channel, std::uint64_t window) {
  channel.window = window;
  channel.window_bytes = channel.frames ? window : window * std::max<std::uint64_t>(1, channel.message.size_bytes);
}

void size_channels(Resolver& resolver) {
  std::vector<PlannedChannel>& channels = resolver.out.plan.channels;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    if (!channels[i].known) continue;
    const auto size = channels[i].frames ? size_frames : size_messages;
    const std::string key = channel_key(resolver.graph, i);
    size(resolver, resolver.graph.channels[i], key + ".capacity", channels[i]);
    size_window(resolver, resolver.graph.channels[i], key + ".window", channels[i]);
  }
  for (const PlannedActor& actor : resolver.out.plan.actors)
    for (const End& end : actor.inputs) check_tuning(resolver, actor, end);
}

}  // namespace steady::topology
