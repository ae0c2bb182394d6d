// The live page's files, embedded in the executable. Immutable; any thread.
#pragma once

#include <string_view>

namespace steady::observe {

struct Asset {
  std::string_view path;  ///< as in a request: "/", "/app.js"
  std::string_view content_type;
  std::string_view bytes;
};

/// The file that a path names, or null.
[[nodiscard]] const Asset* find_asset(std::string_view path);

}  // namespace steady::observe
