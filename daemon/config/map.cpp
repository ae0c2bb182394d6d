#include "config/map.hpp"

#include <algorithm>

namespace steady::config {
namespace {

Position position_of(const Reader& reader, const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return {reader.file, mark.line + 1, mark.column + 1};
}

std::string joined(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

/// An absent value has no place of its own that would mean anything to a reader: its key has.
Item child(const Reader& reader, const std::string& path, const YAML::Node& node, const Position& key_position) {
  return {node, path, node.IsNull() ? key_position : position_of(reader, node)};
}

}  // namespace

std::string found(const YAML::Node& node) {
  if (node.IsScalar()) return quote(node.Scalar());
  if (node.IsMap()) return "a map";
  return node.IsSequence() ? "a list" : "nothing";
}

Item root_item(const Reader& reader, const YAML::Node& node) {
  return {node, "", node.IsNull() ? Position{reader.file, 0, 0} : position_of(reader, node)};
}

std::vector<Entry> entries(const Reader& reader, const Item& item, const std::string& expected) {
  std::vector<Entry> out;
  if (!item.node.IsMap()) {
    reader.add(item, "expected " + expected + ", found " + found(item.node));
    return out;
  }
  std::map<std::string, int> first_lines;
  for (const auto& pair : item.node) {
    const Position at = position_of(reader, pair.first);
    if (!pair.first.IsScalar()) {
      reader.report.add(at, item.path, "expected a key, found " + found(pair.first));
      continue;
    }
    const std::string& key = pair.first.Scalar();
    const std::string path = joined(item.path, printable(key));
    if (const auto [first, added] = first_lines.emplace(key, at.line); !added) {
      reader.report.add(at, path,
                        "the key " + quote(key) + " stands twice, first on line " + std::to_string(first->second));
      continue;
    }
    reader.report.remember(path, child(reader, path, pair.second, at).position);
    out.push_back({key, at, child(reader, path, pair.second, at)});
  }
  return out;
}

std::vector<Item> elements(const Reader& reader, const Item& item, const std::string& expected) {
  std::vector<Item> out;
  if (!item.node.IsSequence()) {
    reader.add(item, "expected " + expected + ", found " + found(item.node));
    return out;
  }
  for (const auto& node : item.node) {
    const std::string path = item.path + "[" + std::to_string(out.size()) + "]";
    out.push_back({node, path, node.IsNull() ? item.position : position_of(reader, node)});
    reader.report.remember(path, out.back().position);
  }
  return out;
}

std::optional<std::string> scalar(const Reader& reader, const Item& item, const std::string& expected) {
  if (!item.node.IsScalar()) {
    reader.add(item, "expected " + expected + ", found " + found(item.node));
    return std::nullopt;
  }
  auto text = expand(item.node.Scalar(), reader.environment);
  if (!text) {
    reader.add(item, text.error().message);
    return std::nullopt;
  }
  if (text->find('\0') != std::string::npos) {
    reader.add(item, "a value cannot hold a NUL character");
    return std::nullopt;
  }
  return *text;
}

Map::Map(const Reader& reader, const Item& item, const Section& section, const std::string& expected)
    : reader_(reader), item_(item), is_map_(item.node.IsMap()), entries_(entries(reader, item, expected)) {
  for (const Entry& entry : entries_) check_key(entry, section);
}

void Map::check_key(const Entry& entry, const Section& section) const {
  const auto report = [&](std::string message) {
    reader_.report.add(entry.key_position, entry.value.path, std::move(message));
  };
  if (std::ranges::find(section.keys, entry.key) != section.keys.end()) return;
  if (entry.key == "<<")
    return report("merge keys are not supported; repeat the keys, or share a whole value by an alias");
  if (is_for_later(entry.key)) return report(quote(entry.key) + " is not available in this version");
  const bool only_in_main_file = section.name == sections::kDropIn.name &&
                                 std::ranges::find(sections::kTop.keys, entry.key) != sections::kTop.keys.end();
  if (only_in_main_file)
    return report(quote(entry.key) + " belongs in the main file; a drop-in has actors, channels and plugin_path");
  report("unknown key " + quote(entry.key) + did_you_mean(entry.key, section.keys));
}

const Item* Map::find(const std::string& key) const {
  const auto at = std::ranges::find(entries_, key, &Entry::key);
  return at == entries_.end() ? nullptr : &at->value;
}

const Item* Map::require(const std::string& key, const std::string& expected) const {
  const Item* const at = find(key);
  const bool may_be_merged = find("<<") != nullptr;  // refused already; what it would have brought is unknown
  if (at == nullptr && is_map_ && !may_be_merged)
    reader_.add(item_, "the key " + quote(key) + " is missing; expected " + expected);
  return at;
}

}  // namespace steady::config
