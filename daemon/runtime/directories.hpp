// Where things lie by default: systemd's directories, the system's for root, the user's own for everyone else.
#pragma once

#include <string>

namespace steady::runtime {

/// $RUNTIME_DIRECTORY, or /run/steadyd for root, or $XDG_RUNTIME_DIR/steadyd. Empty when there is no good place.
[[nodiscard]] std::string default_runtime_directory();

/// $STATE_DIRECTORY, or /var/lib/steadyd for root, or $XDG_STATE_HOME/steadyd, or ~/.local/state/steadyd.
[[nodiscard]] std::string default_state_directory();

/// Whether the directory is on a file system in memory; on a disk every page of a ring would be written back.
[[nodiscard]] bool is_in_memory(const std::string& directory);

}  // namespace steady::runtime
