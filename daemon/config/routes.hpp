// Which channels lie on the way from one actor to another. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "config/model.hpp"

namespace steady::config {

/// A channel, as one of its readers sees it.
struct Hop {
  std::size_t channel = 0;          ///< index into Graph::channels
  std::size_t reader = 0;           ///< index into Channel::to
  std::vector<std::size_t> before;  ///< the hops that end where this one begins: indices into the same list, all lower
};

/// Every hop of every route that leaves `from` for the last time and ends where it first meets `to`; none when there is no route. Nothing
/// when routes go in circles: the messages of such a path have no end to be timed at.
[[nodiscard]] std::optional<std::vector<Hop>> find_routes(const Graph& graph, std::string_view from,
                                                          std::string_view to);

}  // namespace steady::config
