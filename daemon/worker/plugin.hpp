// Loads a plugin, for good: it is never unloaded, the process is replaced instead.
#pragma once

#include <steady/abi.h>

#include <string_view>

#include "base/result.hpp"

namespace steady::worker {

/// Loads the library behind `fd`, which check_plugin_file has passed: a truncated one could crash the loader. What it
/// returns lives as long as the process. Runs the plugin's static constructors and its entry point, which may do
/// anything, also never return. Errors: Invalid with the loader's own words (a missing library, an undefined symbol), or when
/// what the plugin says of itself contradicts itself.
[[nodiscard]] Result<const steady_plugin_info*> load_plugin(int fd);

/// The type by name; the only one when `name` is empty. Errors: NotFound, listing what there is.
[[nodiscard]] Result<const steady_actor_type*> find_type(const steady_plugin_info& plugin, std::string_view name);

}  // namespace steady::worker
