// Runs another program and reads what it prints. Blocks; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace steady::control {

struct Outcome {
  std::string output;  ///< its stdout; its stderr goes to ours
  bool succeeded = false;
  std::string ending;  ///< "exit code 1", "signal 11 (Segmentation fault)"
};

/// `command` begins with the path of the executable. Errors: System when it cannot be started; Invalid when it prints
/// more than 16 MiB.
[[nodiscard]] Result<Outcome> run(std::vector<std::string> command);

}  // namespace steady::control
