#include "observe/routes.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "observe/page.hpp"
#include "snapshots.hpp"

using namespace steady::observe;
using steady::test::small_snapshot;
using steady::test::snapshot_with_triggers;

namespace {

Response get(const std::string& path, const Snapshot& snapshot = small_snapshot(), const std::string& query = "") {
  return route({"GET", path, query}, snapshot);
}

/// The page and everything that it loads: styles, pictures, and modules as they import each other.
std::set<std::string> parts_of_page() {
  const std::regex reference(R"re((?:href="|src="|from '\./)([a-z]+\.(?:js|css|svg))["'])re");
  std::set<std::string> found{"/"};
  std::vector<std::string> waiting{"/"};
  while (!waiting.empty()) {
    const std::string body = get(waiting.back()).body;
    waiting.pop_back();
    for (std::sregex_iterator next(body.begin(), body.end(), reference), end; next != end; ++next)
      if (const std::string path = "/" + (*next)[1].str(); found.insert(path).second) waiting.push_back(path);
  }
  return found;
}

}  // namespace

TEST_SUITE("observe/routes") {
  TEST_CASE("health answers also when nothing is ready") {
    CHECK(get("/healthz", Snapshot{}).status == 200);
    CHECK(get("/healthz", Snapshot{}).body == "ok\n");
  }

  TEST_CASE("readiness is 200, or 503 with one reason per line") {
    auto snapshot = small_snapshot();
    CHECK(get("/readyz", snapshot).status == 200);
    snapshot.ready = false;
    snapshot.not_ready = {"actor a has failed", "actor b is starting"};
    CHECK(get("/readyz", snapshot).status == 503);
    CHECK(get("/readyz", snapshot).body == "actor a has failed\nactor b is starting\n");
    snapshot.not_ready.clear();
    CHECK(get("/readyz", snapshot).body == "not ready\n");
  }

  TEST_CASE("readiness tells on request of every supervisor and actor, and of the triggers that are active") {
    const auto snapshot = snapshot_with_triggers();
    const std::string details =
        "supervisor root has used 2 of 5 restarts within 10s\n"
        "actor source is running\n"
        "actor sink is failed: crashed 6 times in 10 s\n"
        "trigger red: channel source.numbers latency.p99 > 5ms (is 8.1ms)\n";
    CHECK(get("/readyz", snapshot, "verbose").body == "ready\n" + details);
    CHECK(get("/readyz", snapshot, "a=b&verbose=1").body == "ready\n" + details);
    CHECK(get("/readyz", snapshot, "verbos&xverbose&a=verbose&&").body == "ready\n");
    CHECK(get("/readyz", snapshot).body == "ready\n");
  }

  TEST_CASE("details do not make a service ready") {
    auto snapshot = snapshot_with_triggers();
    snapshot.ready = false;
    snapshot.not_ready = {"actor sink is failed"};
    snapshot.supervisors[0].failed = true;
    snapshot.supervisors[0].why = "too many restarts";
    const auto answer = get("/readyz", snapshot, "verbose");
    CHECK(answer.status == 503);
    CHECK(answer.body.starts_with("actor sink is failed\nsupervisor root gave up: too many restarts\n"));
  }

  TEST_CASE("metrics and graphs say what they are") {
    CHECK(get("/metrics").content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(get("/graph.json").content_type == "application/json");
    CHECK(nlohmann::json::accept(get("/graph.json").body));
    CHECK(get("/graph.dot").body.starts_with("digraph"));
  }

  TEST_CASE("the page and all that it links to are inside the executable") {
    CHECK(get("/").content_type == "text/html; charset=utf-8");
    CHECK(get("/").body.ends_with("</html>\n"));
    CHECK(get("/favicon.ico").status == 200);
    const auto parts = parts_of_page();
    CHECK(parts.contains("/app.js"));
    CHECK(parts.contains("/layout.js"));
    for (const std::string& path : parts) {
      INFO(path);
      CHECK(get(path).status == 200);
      CHECK_FALSE(get(path).body.empty());
    }
  }

  TEST_CASE("the page needs nothing from elsewhere") {
    for (const std::string& path : parts_of_page()) {
      INFO(path);
      std::string body = get(path).body;
      const std::string svg_name = "http://www.w3.org/2000/svg";
      if (const auto found = body.find(svg_name); found != std::string::npos) body.erase(found, svg_name.size());
      CHECK(body.find("://") == std::string::npos);
    }
  }

  TEST_CASE("only whole paths are known") {
    for (const char* path : {"", "/metrics/", "/metrics/foo", "/Metrics", "//", "/../metrics", "/index.html"}) {
      INFO(std::string(path));
      CHECK(get(path).status == 404);
    }
  }
}
