#include "observe/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "observe/graph.hpp"
#include "observe/metrics.hpp"
#include "observe/page.hpp"
#include "observe/show_value.hpp"
#include "observe/snapshot.hpp"

namespace steady::observe {
namespace {

Response text(std::string content_type, std::string body) {
  Response response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  // Every answer is of this instant.
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response metrics(const Request&, const Snapshot& snapshot) {
  return text("text/plain; version=0.0.4; charset=utf-8", render_metrics(snapshot));
}

Response graph_dot(const Request&, const Snapshot& snapshot) {
  return text("text/vnd.graphviz; charset=utf-8", render_dot(snapshot));
}

Response graph_json(const Request&, const Snapshot& snapshot) {
  return text("application/json", render_json(snapshot));
}

Response health(const Request&, const Snapshot&) {
  return text("text/plain; charset=utf-8", "ok\n");
}

/// Whether the query has this key, with or without a value.
bool asks_for(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.substr(0, pair.find('=')) == key) return true;
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
  return false;
}

std::string supervisor_line(const SupervisorSnapshot& supervisor) {
  if (supervisor.failed) return fmt::format("supervisor {} gave up: {}\n", supervisor.name, supervisor.why);
  return fmt::format("supervisor {} has used {} of {} restarts within {}s\n", supervisor.name, supervisor.used,
                     supervisor.intensity, supervisor.period_seconds);
}

std::string actor_line(const ActorSnapshot& actor) {
  return fmt::format("actor {} is {}{}{}\n", actor.name, actor.state, actor.reason.empty() ? "" : ": ", actor.reason);
}

std::string trigger_lines(std::string_view kind, const std::string& name,
                          const std::vector<TriggerSnapshot>& triggers) {
  std::string lines;
  for (const TriggerSnapshot& trigger : triggers)
    if (trigger.active)
      lines += fmt::format("trigger {}: {} {} {} (is {})\n", trigger.colour, kind, name, trigger.when,
                           show_value(trigger.when, trigger.value.value_or(0)));
  return lines;
}

std::string details(const Snapshot& snapshot) {
  std::string lines;
  for (const auto& supervisor : snapshot.supervisors) lines += supervisor_line(supervisor);
  for (const auto& actor : snapshot.actors) lines += actor_line(actor);
  for (const auto& actor : snapshot.actors) lines += trigger_lines("actor", actor.name, actor.triggers);
  for (const auto& channel : snapshot.channels) lines += trigger_lines("channel", channel.name, channel.triggers);
  return lines;
}

std::string readiness_of(const Snapshot& snapshot) {
  if (snapshot.ready) return "ready\n";
  std::string reasons;
  for (const auto& reason : snapshot.not_ready) reasons += reason + '\n';
  return reasons.empty() ? "not ready\n" : reasons;
}

Response readiness(const Request& request, const Snapshot& snapshot) {
  auto response = text("text/plain; charset=utf-8", readiness_of(snapshot));
  if (asks_for(request.query, "verbose")) response.body += details(snapshot);
  if (!snapshot.ready) response.status = 503;
  return response;
}

struct Route {
  std::string_view path;
  Response (*answer)(const Request&, const Snapshot&);
};
constexpr Route kRoutes[] = {
    {"/metrics", &metrics}, {"/graph.dot", &graph_dot}, {"/graph.json", &graph_json},
    {"/healthz", &health},  {"/readyz", &readiness},
};

Response not_found() {
  auto response = text("text/plain; charset=utf-8",
                       "there is nothing here; try / /metrics /graph.dot /graph.json "
                       "/healthz /readyz\n");
  response.status = 404;
  return response;
}

}  // namespace

bool needs_no_snapshot(const Request& request) {
  return request.path == "/healthz" ||
         std::ranges::none_of(kRoutes, [&](const Route& route) { return route.path == request.path; });
}

Response route(const Request& request, const Snapshot& snapshot) {
  for (const auto& [path, answer] : kRoutes)
    if (path == request.path) return answer(request, snapshot);
  if (const Asset* asset = find_asset(request.path))
    return text(std::string(asset->content_type), std::string(asset->bytes));
  return not_found();
}

}  // namespace steady::observe
