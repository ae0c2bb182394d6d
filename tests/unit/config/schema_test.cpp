// The editor's schema and the loader know the same keys.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "config/sections.hpp"
#include "support.hpp"

namespace steady::config {
namespace {

nlohmann::json schema() {
  const auto path = std::filesystem::path(STEADY_FIXTURES) / ".." / ".." / "config" / "steadyd.schema.json";
  std::ifstream in(path);
  REQUIRE_MESSAGE(in.good(), path.string());
  return nlohmann::json::parse(in);
}

std::vector<std::string> keys_of(const nlohmann::json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.at("properties").items()) keys.push_back(key);
  std::ranges::sort(keys);
  return keys;
}

}  // namespace

TEST_SUITE("config/schema") {
  TEST_CASE("the schema has exactly the keys that the loader knows") {
    const nlohmann::json root = schema();
    for (Section section : schema_sections()) {
      INFO(section.name);
      const nlohmann::json& described = section.name == "top" ? root : root.at("$defs").at(section.name);
      std::ranges::sort(section.keys);
      CHECK(keys_of(described) == section.keys);
      CHECK(described.at("additionalProperties") == false);
    }
  }
}

}  // namespace steady::config
