// A graph while it is read: beside the values, the places that the checks across actors and channels report.
// Only .cpp files of this folder include it.
#pragma once

#include <string>
#include <vector>

#include "config/map.hpp"
#include "config/model.hpp"
#include "config/trigger.hpp"

namespace steady::config {

struct DraftChannel {
  Channel channel;
  std::string path;                   ///< "channels[2]"
  std::string from_path;              ///< of the producer's end
  std::vector<std::string> to_paths;  ///< of each reader
};

struct DraftPath {
  Path path;
  std::string key;  ///< "paths[2]"
};

struct SupervisorMention {
  std::string name;
  std::string path;
  AutoShutdown auto_shutdown = AutoShutdown::Never;
  bool significant = false;
  Restart restart = Restart::Permanent;
  std::size_t parent = 0;  ///< index among the mentions; the root is its own parent
  Position position;
};

struct ChildMention {
  std::string actor;
  std::string path;
  std::size_t supervisor = 0;  ///< index among the supervisor mentions
  Position position;
};

struct Draft {
  Graph graph;  ///< its channels are filled in at the end
  std::vector<DraftChannel> channels;
  std::vector<DraftPath> paths;
  std::vector<SupervisorMention> supervisors;  ///< the root first
  std::vector<ChildMention> children;
  bool has_actors_key = false;
  bool lists_children = false;      ///< the root names its children; otherwise all actors are, in file order
  bool membership_is_known = true;  ///< false: the tree is too broken to say who is missing from it
};

/// The whole main file.
void read_top(const Reader& reader, const YAML::Node& document, Draft& draft);
/// One file of conf.d.
void read_drop_in(const Reader& reader, const YAML::Node& document, Draft& draft);

void read_actors(const Reader& reader, const Item& item, Draft& draft);
void read_channels(const Reader& reader, const Item& item, Draft& draft);
/// The keys of `map` that say where a worker, or a channel, is.
[[nodiscard]] Placement read_placement(const Reader& reader, const Map& map);
[[nodiscard]] ChannelPlacement read_channel_placement(const Map& map);
/// `draft` only for the place of the main file, where paths start.
[[nodiscard]] std::vector<Trigger> read_triggers(const Reader& reader, const Item& item, TriggerOf of,
                                                 const Draft& draft);
void read_supervision(const Reader& reader, const Item& item, Draft& draft);

/// Checks that need more than one value; each reports by itself.
void validate(Draft& draft, Report& report);
void validate_channels(const Draft& draft, Report& report);
/// After the graph has its channels.
void validate_paths(const Draft& draft, Report& report);
void validate_supervision(const Draft& draft, Report& report);
void validate_workers(const Draft& draft, Report& report);

}  // namespace steady::config
