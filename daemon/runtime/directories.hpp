// Where things lie by default: systemd's directories, the system's for root, the user's own for everyone else.
#pragma once

#include <string>
#include <vector>

namespace steady::runtime {

/// $RUNTIME_DIRECTORY, or /run/steadyd for root, or $XDG_RUNTIME_DIR/steadyd. Empty when there is no good place.
[[nodiscard]] std::string default_runtime_directory();

/// $STATE_DIRECTORY, or /var/lib/steadyd for root, or $XDG_STATE_HOME/steadyd, or ~/.local/state/steadyd.
[[nodiscard]] std::string default_state_directory();

/// The directory of the running executable; its siblings steadyd-worker and ../lib/steadyd/plugins are found from it.
[[nodiscard]] std::string executable_directory();

/// `configured`, then $STEADY_PLUGIN_PATH, then the plugins installed beside this executable, then the system's.
[[nodiscard]] std::vector<std::string> plugin_directories(const std::vector<std::string>& configured);

/// Whether the directory is on a file system in memory; on a disk every page of a ring would be written back.
[[nodiscard]] bool is_in_memory(const std::string& directory);

}  // namespace steady::runtime
