// What the steps of resolve() share. Only .cpp files of this folder include it.
#pragma once

#include <string>
#include <vector>

#include "topology/plan.hpp"

namespace steady::topology {

struct Resolver {
  const config::Graph& graph;
  const Descriptions& descriptions;
  Resolution out;

  void add(const config::Position& position, std::string key, std::string message) {
    out.diagnostics.push_back({position, std::move(key), std::move(message)});
  }
};

/// Fills Plan::actors: each with its type, or with why there is none. Checks types, parameters and inputs' names.
void plan_actors(Resolver& resolver);

/// Fills Plan::channels and the actors' ends. Checks ports, directions, and that all ends carry the same thing.
void connect(Resolver& resolver);

/// Checks that every port that must be connected is, and that no actor has too many ends.
void check_connected(Resolver& resolver);

/// Sizes the rings, and holds them against what the file asks for.
void size_channels(Resolver& resolver);

/// "channels[2]" as the file counts them: drop-ins count their own.
[[nodiscard]] std::string channel_key(const config::Graph& graph, std::size_t channel);

}  // namespace steady::topology
