// Asks a plugin what it offers, in a process of its own: its constructors may crash, print, or never return.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "process/query.hpp"

namespace steady::process {

/// Gets the JSON that `steadyd-worker --describe` printed, or why there is none: the plugin's own words, the signal
/// that ended it, or that it took longer than `limit`. May destroy the query.
using Described = std::function<void(Result<std::string>)>;

/// Loop thread only; destroying the query kills the process.
[[nodiscard]] Result<std::unique_ptr<Query>> describe(uv_loop_t* loop, const std::string& worker_path, int plugin_fd,
                                                      std::chrono::milliseconds limit, Described done);

}  // namespace steady::process
