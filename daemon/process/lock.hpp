// Who may use a directory: one steadyd at a time, and a new one only once the last worker of the old one is gone. The
// kernel drops the locks with the process, however it dies. May block for the given time.
#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace steady::process {

/// Takes the lock of a directory for as long as the descriptor lives. May wait a second for it. Errors: Busy, naming the
/// process that holds it; Denied; System.
[[nodiscard]] Result<UniqueFd> lock_directory(const std::string& directory);

/// Waits until no worker of an earlier steadyd is left. Errors: Timeout.
[[nodiscard]] Status wait_for_workers(const std::string& directory, std::chrono::milliseconds limit);

/// A lock that every process holds by merely living that was given the descriptor.
[[nodiscard]] Result<UniqueFd> worker_lock(const std::string& directory);

}  // namespace steady::process
