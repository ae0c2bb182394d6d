#include "observe/routes.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "observe/page.hpp"
#include "snapshots.hpp"

using namespace steady::observe;
using steady::test::small_snapshot;

namespace {

Response get(const std::string& path, const Snapshot& snapshot = small_snapshot()) {
  return route({"GET", path, ""}, snapshot);
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

  TEST_CASE("metrics and graphs say what they are") {
    CHECK(get("/metrics").content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(get("/graph.json").content_type == "application/json");
    CHECK(nlohmann::json::accept(get("/graph.json").body));
    CHECK(get("/graph.dot").body.starts_with("digraph"));
  }

  TEST_CASE("the page and all that it links to are inside the executable") {
    CHECK(get("/").content_type == "text/html; charset=utf-8");
    CHECK(get("/").body.ends_with("</html>\n"));
    for (const char* path : {"/style.css", "/app.js", "/layout.js", "/favicon.svg", "/favicon.ico"}) {
      INFO(std::string(path));
      CHECK(get(path).status == 200);
      CHECK_FALSE(get(path).body.empty());
    }
  }

  TEST_CASE("the page needs nothing from elsewhere") {
    for (const char* path : {"/", "/style.css", "/app.js", "/layout.js"}) {
      INFO(std::string(path));
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
