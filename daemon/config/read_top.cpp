#include <filesystem>

#include "config/draft.hpp"

namespace steady::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFormatVersion = 1;

void read_version(const Reader& reader, const Map& map) {
  const Item* const item = map.require("steadyd", "the format version, 1");
  if (item == nullptr) return;
  const auto version =
      value(reader, *item,
            Rule<std::string>{"the format version, 1", [](const std::string& text) { return std::optional(text); }});
  if (version && *version != std::to_string(kFormatVersion))
    reader.add(*item, "expected the format version, 1, found " + quote(*version) + ", which this steadyd cannot read");
}

void read_telemetry(const Reader& reader, const Item& item, Telemetry& telemetry) {
  const Map map(reader, item, sections::kTelemetry, "a map of telemetry settings");
  map.read("listen", rules::listen(), telemetry.listen);
  map.read("frame", rules::duration(10ms, 10s), telemetry.frame);
  map.read("sampling", rules::boolean(), telemetry.sampling);
  map.read("otlp", rules::http_url(), telemetry.otlp);
  map.read("otlp_interval", rules::duration(100ms, 1h), telemetry.otlp_interval);
  telemetry.position = item.position;
}

void read_log(const Reader& reader, const Item& item, Graph& graph) {
  const Map map(reader, item, sections::kLog, "a map of log settings");
  map.read("format", rules::log_format(), graph.log);
}

void add_plugin_directory(const Reader& reader, const Item& item, Graph& graph) {
  const auto text = value(reader, item, rules::text("a directory"));
  if (!text) return;
  const auto beside_the_file = std::filesystem::path(graph.file).parent_path();
  graph.plugin_path.push_back((beside_the_file / *text).lexically_normal().string());
}

void read_plugin_path(const Reader& reader, const Item& item, Graph& graph) {
  if (item.node.IsScalar()) return add_plugin_directory(reader, item, graph);
  for (const Item& entry : elements(reader, item, "a directory or a list of directories"))
    add_plugin_directory(reader, entry, graph);
}

void read_paths(const Reader& reader, const Item& item, Draft& draft) {
  for (const Item& element : elements(reader, item, "a list of paths")) {
    const Map map(reader, element, sections::kPath, "a map with 'from', 'to' and 'latency_target'");
    DraftPath path{{}, element.path};
    path.path.position = element.position;
    map.require("from", "the name of an actor");
    map.read("from", rules::name("the name of an actor"), path.path.from);
    map.require("to", "the name of an actor");
    map.read("to", rules::name("the name of an actor"), path.path.to);
    map.require("latency_target", "a duration such as 2ms");
    map.read("latency_target", rules::duration(10us, 1h), path.path.latency_target);
    draft.paths.push_back(std::move(path));
  }
}

/// What a drop-in may add to.
void read_shared_keys(const Reader& reader, const Map& map, Draft& draft) {
  if (const Item* const item = map.find("plugin_path")) read_plugin_path(reader, *item, draft.graph);
  if (const Item* const item = map.find("actors")) read_actors(reader, *item, draft);
  if (const Item* const item = map.find("channels")) read_channels(reader, *item, draft);
}

}  // namespace

void read_top(const Reader& reader, const YAML::Node& document, Draft& draft) {
  if (document.IsNull()) {
    reader.report.add({reader.file, 0, 0}, "", "the file is empty; expected at least 'steadyd: 1' and 'actors'");
    draft.has_actors_key = true;
    return;
  }
  const Item root = root_item(reader, document);
  const Map map(reader, root, sections::kTop, "a map with at least 'steadyd: 1' and 'actors'");
  draft.has_actors_key = !document.IsMap();  // a file that is no map was reported for that already
  read_version(reader, map);
  map.read("name", rules::name("a name"), draft.graph.name);
  if (const Item* const item = map.find("telemetry")) read_telemetry(reader, *item, draft.graph.telemetry);
  if (const Item* const item = map.find("log")) read_log(reader, *item, draft.graph);
  map.read("drain_timeout", rules::duration(0ns, 24h), draft.graph.drain_timeout);
  read_shared_keys(reader, map, draft);
  if (const Item* const item = map.find("paths")) read_paths(reader, *item, draft);
  if (const Item* const item = map.find("supervision")) read_supervision(reader, *item, draft);
}

void read_drop_in(const Reader& reader, const YAML::Node& document, Draft& draft) {
  if (document.IsNull()) return;  // everything commented out
  const Map map(reader, root_item(reader, document), sections::kDropIn, "a map with actors, channels or plugin_path");
  read_shared_keys(reader, map, draft);
}

}  // namespace steady::config
