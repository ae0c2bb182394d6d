// `steadyctl set` and `get`: thresholds of inputs and windows of channels while they are in use. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/ctl/table.hpp"

namespace steady::control {

/// `socket` and `as_json` are read when the command runs; `result` becomes its exit code.
void add_tuning(CLI::App& app, const std::string& socket, const bool& as_json, int& result);

/// The values of one target, each with where it comes from. Pure.
[[nodiscard]] std::string render_tuning(const nlohmann::json& answer, const Screen& screen);

}  // namespace steady::control
