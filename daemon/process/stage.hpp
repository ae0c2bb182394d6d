// Finds a plugin by its name and takes a private copy of it: what a worker loads cannot change or shrink under it, and
// nothing is left behind when everything is killed. May block on the file system.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace steady::process {

/// The path of plugin `name`: a name with a slash is a path as it is; any other is NAME.so or libNAME.so in the first of
/// `directories` that has it. Errors: NotFound, listing where it was looked for.
[[nodiscard]] Result<std::string> find_plugin(const std::string& name, const std::vector<std::string>& directories);

/// Tells one content of a file from another without reading it.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t changed_ns = 0;

  [[nodiscard]] bool operator==(const FileIdentity&) const = default;
};
[[nodiscard]] Result<FileIdentity> identify(const std::string& path);

/// Copies the file into sealed anonymous memory; the name shows in backtraces and /proc. Errors: NotFound, Denied,
/// Invalid (a directory), Exhausted, System.
[[nodiscard]] Result<UniqueFd> stage(const std::string& path);

}  // namespace steady::process
