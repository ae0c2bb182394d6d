// What the commands of steadyctl share: asking the daemon, complaining, exit codes. One thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.hpp"
#include "control/ctl/client.hpp"
#include "control/ctl/table.hpp"

namespace steady::control {

/// Done; the answer is no; wrong usage; cannot reach the daemon.
enum ExitCode { kDone = 0, kNo = 1, kUsage = 2, kUnreachable = 3 };

/// What stdout is.
[[nodiscard]] Screen screen();

/// JSON on one line, whatever bytes are in its strings.
[[nodiscard]] std::string compact(const nlohmann::json& value);

/// Prints it on stderr; returns `code`.
int complain(const std::string& message, ExitCode code);

/// One question on a connection of its own. Errors: Invalid when the daemon says no; any other when there is no answer.
[[nodiscard]] Result<nlohmann::json> ask(const std::string& socket, const std::string& method,
                                         const nlohmann::json& params,
                                         std::chrono::seconds patience = Client::kPatience);

/// Prints why ask() failed; returns kNo or kUnreachable.
int refused(const Error& error);

}  // namespace steady::control
