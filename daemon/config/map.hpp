// Reading values out of the YAML document: every access reports what is wrong with its place and goes on.
// Only .cpp files of this folder include it; yaml-cpp stays inside.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>
#include <vector>

#include "config/did_you_mean.hpp"
#include "config/expand.hpp"
#include "config/names.hpp"
#include "config/report.hpp"
#include "config/rules.hpp"
#include "config/sections.hpp"

namespace steady::config {

/// One value of the document, the key path that leads to it, and where it stands.
struct Item {
  YAML::Node node;
  std::string path;
  Position position;
};

/// One key of a map, with its value.
struct Entry {
  std::string key;
  Position key_position;
  Item value;
};

/// What all readers of one file share.
struct Reader {
  std::string file;
  const Environment& environment;
  Report& report;

  void add(const Item& item, std::string message) const { report.add(item.position, item.path, std::move(message)); }
};

/// "'text'", "nothing", "a list" or "a map".
[[nodiscard]] std::string found(const YAML::Node& node);

[[nodiscard]] Item root_item(const Reader& reader, const YAML::Node& node);

/// The entries of a map in file order, each key once. Reports anything that is no map and keys that stand twice.
[[nodiscard]] std::vector<Entry> entries(const Reader& reader, const Item& item, const std::string& expected);

/// The elements of a list. Reports anything that is no list.
[[nodiscard]] std::vector<Item> elements(const Reader& reader, const Item& item, const std::string& expected);

/// The text of a scalar, expanded. Reports anything else.
[[nodiscard]] std::optional<std::string> scalar(const Reader& reader, const Item& item, const std::string& expected);

/// The scalar as its rule reads it. Reports what the rule expected and what was found.
template <class T>
std::optional<T> value(const Reader& reader, const Item& item, const Rule<T>& rule);

/// A map with a known set of keys. Unknown ones are reported when it is built.
class Map {
 public:
  Map(const Reader& reader, const Item& item, const Section& section, const std::string& expected);

  [[nodiscard]] const Item* find(const std::string& key) const;

  /// Like find, and reports when the key is absent.
  const Item* require(const std::string& key, const std::string& expected) const;

  /// Reads the value at `key` into `out`; an absent or wrong one leaves `out` as it is. True when it was read.
  template <class T, class Out>
  bool read(const std::string& key, const Rule<T>& rule, Out& out) const {
    const Item* const at = find(key);
    if (at == nullptr) return false;
    auto parsed = value(reader_, *at, rule);
    if (!parsed) return false;
    out = static_cast<Out>(std::move(*parsed));
    return true;
  }

 private:
  void check_key(const Entry& entry, const Section& section) const;

  const Reader& reader_;
  Item item_;
  bool is_map_ = false;
  std::vector<Entry> entries_;
};

template <class T>
std::optional<T> value(const Reader& reader, const Item& item, const Rule<T>& rule) {
  const auto text = scalar(reader, item, rule.expected);
  if (!text) return std::nullopt;
  auto parsed = rule.parse(*text);
  if (parsed) return parsed;
  for (const std::string& later : rule.later)
    if (later == *text) return reader.add(item, quote(*text) + " is not available in this version"), std::nullopt;
  reader.add(item, "expected " + rule.expected + ", found " + quote(*text) + did_you_mean(*text, rule.choices));
  return std::nullopt;
}

}  // namespace steady::config
