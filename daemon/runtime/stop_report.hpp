// What a stop leaves behind, in words. Pure.
#pragma once

#include <string>
#include <vector>

#include "observe/snapshot.hpp"

namespace steady::runtime {

struct StopReport {
  bool drained = false;            ///< no channel holds a message, and every actor that ran has stopped
  std::vector<std::string> lines;  ///< one per channel that holds messages and per actor that was in the way
};

/// `stragglers`: who would not finish, and why; see who_would_not_finish().
[[nodiscard]] StopReport report_stop(const observe::Snapshot& last, const std::vector<std::string>& stragglers = {});

}  // namespace steady::runtime
