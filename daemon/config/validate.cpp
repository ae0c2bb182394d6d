#include "config/draft.hpp"

namespace steady::config {
namespace {

// Far above what one machine runs, and low enough that a broken generator of configurations gets an answer.
constexpr std::size_t kMostActors = 1000;
constexpr std::size_t kMostChannels = 10'000;

/// A root that names no children has all actors, in file order: those of the main file, then those of the drop-ins.
void adopt_all_actors(Draft& draft) {
  Supervisor& root = draft.graph.supervision;
  if (draft.supervisors.empty()) {
    root.position = {draft.graph.file, 0, 0};
    draft.supervisors.push_back(
        {root.name, "supervision", root.auto_shutdown, false, Restart::Permanent, 0, root.position});
  }
  for (const Actor& actor : draft.graph.actors) {
    root.children.emplace_back(actor.name);
    draft.children.push_back({actor.name, "actors." + actor.name, 0, actor.position});
  }
}

void check_counts(const Draft& draft, Report& report) {
  const Position file{draft.graph.file, 0, 0};
  const std::size_t actors = draft.graph.actors.size();
  if (!draft.has_actors_key) report.add(file, "", "the key 'actors' is missing; expected at least one actor");
  if (draft.has_actors_key && actors == 0 && report.empty())
    report.add(report.place("actors", file), "actors", "expected at least one actor, found none");
  if (actors > kMostActors)
    report.add(file, "actors",
               "expected at most " + std::to_string(kMostActors) + " actors, found " + std::to_string(actors));
  if (draft.channels.size() > kMostChannels)
    report.add(file, "channels",
               "expected at most " + std::to_string(kMostChannels) + " channels, found " +
                   std::to_string(draft.channels.size()));
}

}  // namespace

void validate(Draft& draft, Report& report) {
  check_counts(draft, report);
  if (!draft.lists_children) adopt_all_actors(draft);
  validate_channels(draft, report);
  validate_supervision(draft, report);
  validate_workers(draft, report);
  for (DraftChannel& channel : draft.channels) draft.graph.channels.push_back(std::move(channel.channel));
  validate_paths(draft, report);
  for (DraftPath& path : draft.paths) draft.graph.paths.push_back(std::move(path.path));
}

}  // namespace steady::config
