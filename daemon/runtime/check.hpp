// `steadyd check FILE`: everything that would stop a start, without starting anything.
#pragma once

#include <string>

namespace steady::runtime {

/// Prints every error, or one line that says what the file describes. Returns the exit code: 0 or 1.
[[nodiscard]] int check(const std::string& file);

}  // namespace steady::runtime
