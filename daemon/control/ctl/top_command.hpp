// `steadyctl top`. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace steady::control {

/// Adds the command; `socket` and `as_json` are read, and `result` is written, when it runs.
void add_top(CLI::App& app, const std::string& socket, const bool& as_json, int& result);

}  // namespace steady::control
