#include "config/drop_ins.hpp"

#include <algorithm>
#include <filesystem>

namespace steady::config {
namespace fs = std::filesystem;

std::vector<std::string> find_drop_ins(const std::string& path, Diagnostics& diagnostics) {
  const fs::path directory = fs::path(path).parent_path() / "conf.d";
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".yaml") && !name.starts_with('.')) found.push_back(entry->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    diagnostics.push_back({{directory.string(), 0, 0}, "", "cannot be read as a directory: " + error.message()});
  std::ranges::sort(found);
  return found;
}

}  // namespace steady::config
