// Looks at a plugin's file before any of its code runs. A truncated library would end dlopen with SIGBUS, one built for
// another contract would be called wrongly; both are found here by reading.
#pragma once

#include "base/result.hpp"

namespace steady::worker {

/// Errors: Invalid (no shared library, truncated, for another machine, no plugin), Incompatible (another ABI version;
/// both are named).
[[nodiscard]] Status check_plugin_file(int fd);

}  // namespace steady::worker
