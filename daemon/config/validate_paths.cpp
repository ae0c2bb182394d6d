#include <algorithm>

#include "config/draft.hpp"
#include "config/routes.hpp"

namespace steady::config {
namespace {

/// False when it was reported.
bool check_end(const Draft& draft, const DraftPath& path, const char* key, const std::string& actor, Report& report) {
  if (draft.graph.find_actor(actor) != nullptr) return true;
  std::vector<std::string> names;
  for (const Actor& known : draft.graph.actors) names.push_back(known.name);
  const std::string at = path.key + "." + key;
  report.add(report.place(at, path.path.position), at,
             "no actor is named " + quote(actor) + did_you_mean(actor, names));
  return false;
}

void check_routes(const Draft& draft, const DraftPath& path, Report& report) {
  const std::string at = path.key + ".to";
  const auto add = [&](const std::string& message) { report.add(report.place(at, path.path.position), at, message); };
  if (path.path.from == path.path.to) return add("expected another actor than 'from', found " + quote(path.path.to));
  const auto hops = find_routes(draft.graph, path.path.from, path.path.to);
  if (!hops)
    return add("expected routes that come to an end, found one in a circle between " + quote(path.path.from) + " and " +
               quote(path.path.to));
  if (hops->empty())
    add("expected an actor that messages of " + quote(path.path.from) + " come to, found " + quote(path.path.to));
}

}  // namespace

void validate_paths(const Draft& draft, Report& report) {
  for (std::size_t i = 0; i < draft.paths.size(); ++i) {
    const DraftPath& path = draft.paths[i];
    if (path.path.from.empty() || path.path.to.empty()) continue;  // was reported when it was read
    const bool from_is_known = check_end(draft, path, "from", path.path.from, report);
    const bool to_is_known = check_end(draft, path, "to", path.path.to, report);
    if (from_is_known && to_is_known) check_routes(draft, path, report);
    const auto end = draft.paths.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(draft.paths.begin(), end, [&](const DraftPath& e) { return e.path.text() == path.path.text(); }))
      report.add(path.path.position, path.key, "the path " + quote(path.path.text()) + " already has a target");
  }
  if (draft.paths.empty() || draft.graph.telemetry.sampling) return;
  const std::string at = draft.paths.front().key + ".latency_target";
  report.add(report.place(at, draft.paths.front().path.position), at,
             "needs latency to be measured, found telemetry.sampling: false");
}

}  // namespace steady::config
