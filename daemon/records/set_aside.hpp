// Moves a damaged database out of the way of a fresh one. Blocks; any thread.
#pragma once

#include <string>

#include "base/result.hpp"

namespace steady::records {

/// Moves PATH and its -wal, -shm and -journal to PATH.damaged-N and returns that path, or an empty one when there was
/// nothing at PATH. N is one more than the highest that is there; of more than eight the lowest are deleted.
/// Errors: Denied or System, naming the path.
[[nodiscard]] Result<std::string> set_aside(const std::string& path);

}  // namespace steady::records
