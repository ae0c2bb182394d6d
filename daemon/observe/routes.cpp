#include "observe/routes.hpp"

#include <string_view>

#include "observe/graph.hpp"
#include "observe/metrics.hpp"
#include "observe/page.hpp"
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

Response metrics(const Snapshot& snapshot) {
  return text("text/plain; version=0.0.4; charset=utf-8", render_metrics(snapshot));
}

Response graph_dot(const Snapshot& snapshot) {
  return text("text/vnd.graphviz; charset=utf-8", render_dot(snapshot));
}

Response graph_json(const Snapshot& snapshot) {
  return text("application/json", render_json(snapshot));
}

Response health(const Snapshot&) {
  return text("text/plain; charset=utf-8", "ok\n");
}

Response readiness(const Snapshot& snapshot) {
  if (snapshot.ready) return text("text/plain; charset=utf-8", "ready\n");
  std::string reasons;
  for (const auto& reason : snapshot.not_ready) reasons += reason + '\n';
  auto response = text("text/plain; charset=utf-8", reasons.empty() ? "not ready\n" : reasons);
  response.status = 503;
  return response;
}

struct Route {
  std::string_view path;
  Response (*answer)(const Snapshot&);
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

Response route(const Request& request, const Snapshot& snapshot) {
  for (const auto& [path, answer] : kRoutes)
    if (path == request.path) return answer(snapshot);
  if (const Asset* asset = find_asset(request.path))
    return text(std::string(asset->content_type), std::string(asset->bytes));
  return not_found();
}

}  // namespace steady::observe
