// Incidents on their way: stored at once, logged as one block when their stack is explained. Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ipc/crash_page.hpp"
#include "records/store.hpp"
#include "runtime/symbolizer.hpp"

namespace steady::runtime {

class Incidents {
 public:
  Incidents(records::Store& store, Symbolizer& symbolizer) : store_(store), symbolizer_(symbolizer) {}

  /// Stores it and returns its id, or 0 when the store could not take it. `stack`: of the thread that is to blame.
  /// `files`: the plugins that the process had loaded from memory.
  std::int64_t record(records::Incident incident, const std::optional<ipc::CrashReport>& stack,
                      const std::vector<ModuleFile>& files);

 private:
  records::Store& store_;
  Symbolizer& symbolizer_;
};

}  // namespace steady::runtime
