// What `steadyctl top` shows, and how keys change that. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "control/ctl/terminal.hpp"

namespace steady::control {

/// The largest value stands first, names in their order. A table that has no such value is sorted by Bottleneck.
enum class SortKey { Bottleneck, Name, Cpu, Memory, Rate, Fill, Latency, Restarts };

[[nodiscard]] std::string_view name_of(SortKey key);
/// Errors: Invalid, with the names that there are.
[[nodiscard]] Result<SortKey> parse_sort_key(std::string_view name);

enum class Shown { Both, Actors, Channels };

struct View {
  SortKey sort = SortKey::Bottleneck;
  bool reversed = false;
  Shown shown = Shown::Both;
  std::size_t scroll = 0;   ///< lines of the tables that are above the screen
  std::string filter = {};  ///< only what has this in its name; upper or lower case
  bool typing = false;      ///< keys go to the filter
  bool help = false;        ///< instead of the tables
  std::string lost = {};    ///< why there is nothing newer than this; empty: it is from now
};

/// One line per key that press() knows.
[[nodiscard]] std::string_view help_text();

/// Changes the view. `page` is the number of table lines on the screen. Returns false when the key ends the program.
[[nodiscard]] bool press(View& view, const Key& key, std::size_t page);

}  // namespace steady::control
