#include "runtime/directories.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>

namespace steady::runtime {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// systemd lists several directories with colons; the first is ours.
std::string first_of_list(const std::string& list) { return list.substr(0, list.find(':')); }

}  // namespace

std::string default_runtime_directory() {
  if (const std::string given = first_of_list(variable("RUNTIME_DIRECTORY")); !given.empty()) return given;
  if (::geteuid() == 0) return "/run/steadyd";
  const std::string base = variable("XDG_RUNTIME_DIR");
  return base.empty() ? "" : base + "/steadyd";
}

std::string default_state_directory() {
  if (const std::string given = first_of_list(variable("STATE_DIRECTORY")); !given.empty()) return given;
  if (::geteuid() == 0) return "/var/lib/steadyd";
  if (const std::string base = variable("XDG_STATE_HOME"); !base.empty()) return base + "/steadyd";
  const std::string home = variable("HOME");
  return home.empty() ? "" : home + "/.local/state/steadyd";
}

bool is_in_memory(const std::string& directory) {
  struct statfs status {};
  return ::statfs(directory.c_str(), &status) == 0 &&
         (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC);
}

}  // namespace steady::runtime
