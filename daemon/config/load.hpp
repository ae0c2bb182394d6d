// From YAML to a Graph, with everything that is wrong with it. load() is pure; load_file() reads and may block.
#pragma once

#include <string>
#include <vector>

#include "config/expand.hpp"
#include "config/model.hpp"

namespace steady::config {

struct Loaded {
  Graph graph;              ///< complete only when there are no diagnostics
  Diagnostics diagnostics;  ///< sorted by place; empty means that the graph may be used
};

/// The text of one file. `path` is what diagnostics call it; relative plugin directories start beside the first one.
struct Source {
  std::string path;
  std::string text;
};

/// Loads the main file and the drop-ins that were found beside it, in this order.
[[nodiscard]] Loaded load(const Source& main, const std::vector<Source>& drop_ins, const Environment& environment);

/// Loads one file without drop-ins.
[[nodiscard]] Loaded load(const std::string& path, const std::string& text, const Environment& environment);

/// Reads `path` and every `conf.d/*.yaml` beside it, each of at most 4 MiB. A file that cannot be read is a diagnostic.
[[nodiscard]] Loaded load_file(const std::string& path, const Environment& environment = process_environment());

}  // namespace steady::config
