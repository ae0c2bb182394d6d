#include <algorithm>
#include <map>

#include "config/draft.hpp"

namespace steady::config {
namespace {

std::vector<std::string> actor_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Actor& actor : graph.actors) names.push_back(actor.name);
  return names;
}

void check_actor(const std::vector<std::string>& names, const Endpoint& end, const std::string& path, Report& report) {
  if (std::ranges::find(names, end.actor) != names.end()) return;
  report.add(end.position, path, "no actor is named " + quote(end.actor) + did_you_mean(end.actor, names));
}

void check_readers_differ(const DraftChannel& draft, Report& report) {
  const std::vector<Endpoint>& to = draft.channel.to;
  for (std::size_t i = 1; i < to.size(); ++i)
    if (std::find(to.begin(), to.begin() + static_cast<std::ptrdiff_t>(i), to[i]) !=
        to.begin() + static_cast<std::ptrdiff_t>(i))
      report.add(to[i].position, draft.to_paths[i], quote(to[i].text()) + " already reads this channel");
}

std::string place_of(const Channel& channel) {
  return channel.position.file + ":" + std::to_string(channel.position.line);
}

}  // namespace

void validate_channels(const Draft& draft, Report& report) {
  const std::vector<std::string> names = actor_names(draft.graph);
  std::map<std::string, const Channel*> by_output;
  for (const DraftChannel& entry : draft.channels) {
    const Channel& channel = entry.channel;
    for (std::size_t i = 0; i < channel.to.size(); ++i) check_actor(names, channel.to[i], entry.to_paths[i], report);
    check_readers_differ(entry, report);
    if (channel.from.actor.empty()) continue;  // was reported when it was read
    check_actor(names, channel.from, entry.from_path, report);
    const auto [first, added] = by_output.emplace(channel.name, &channel);
    if (!added)
      report.add(channel.from.position, entry.from_path,
                 "the output " + quote(channel.name) + " already feeds the channel at " + place_of(*first->second) +
                     "; list every reader under 'to' of one channel");
  }
}

}  // namespace steady::config
