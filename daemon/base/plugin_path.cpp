#include "base/plugin_path.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace steady {
namespace {

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

std::string executable_directory() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

std::vector<std::string> plugin_directories(const std::vector<std::string>& configured) {
  std::vector<std::string> directories = configured;
  const char* const variable = std::getenv("STEADY_PLUGIN_PATH");
  std::istringstream list(variable == nullptr ? "" : variable);
  for (std::string one; std::getline(list, one, ':');)
    if (!one.empty()) directories.push_back(one);
  const std::string beside =
      (std::filesystem::path(executable_directory()).parent_path() / "lib/steadyd/plugins").string();
  directories.push_back(beside);
  for (const char* const system : {"/usr/local/lib/steadyd/plugins", "/usr/lib/steadyd/plugins"})
    if (beside != system) directories.emplace_back(system);
  return directories;
}

Result<std::string> find_plugin(const std::string& name, const std::vector<std::string>& directories) {
  if (name.find('/') != std::string::npos) return name;
  std::string looked_in;
  for (const std::string& directory : directories) {
    for (const std::string& candidate : {directory + "/" + name + ".so", directory + "/lib" + name + ".so"})
      if (is_there(candidate)) return candidate;
    looked_in += (looked_in.empty() ? "" : ", ") + directory;
  }
  return fail(ErrorCode::NotFound, "there is no " + name + ".so in " + (looked_in.empty() ? "any directory" : looked_in));
}

}  // namespace steady
