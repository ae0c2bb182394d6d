// The commands that look into channels and add to them: tap, record, inject, replay.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace steady::control {

/// `socket` and `result` must outlive the app.
void add_channel_commands(CLI::App& app, const std::string& socket, int& result);

}  // namespace steady::control
