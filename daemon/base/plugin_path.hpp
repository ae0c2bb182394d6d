// Where plugins lie and how one is found by its name. Any thread; looks at the file system.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace steady {

/// The directory of the running executable; its siblings and ../lib/steadyd/plugins are found from it.
[[nodiscard]] std::string executable_directory();

/// `configured`, then $STEADY_PLUGIN_PATH, then the plugins installed beside this executable, then the system's.
[[nodiscard]] std::vector<std::string> plugin_directories(const std::vector<std::string>& configured);

/// The path of plugin `name`: a name with a slash is a path as it is; any other is NAME.so or libNAME.so in the first of
/// `directories` that has it. Errors: NotFound, listing where it was looked for.
[[nodiscard]] Result<std::string> find_plugin(const std::string& name, const std::vector<std::string>& directories);

}  // namespace steady
