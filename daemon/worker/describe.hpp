// What a plugin says of itself, as JSON.
#pragma once

#include <steady/abi.h>

#include <string>

namespace steady::worker {

[[nodiscard]] std::string describe(const steady_plugin_info& plugin);

}  // namespace steady::worker
