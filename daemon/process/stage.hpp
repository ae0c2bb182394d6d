// Takes a private copy of a plugin's file: what a worker loads cannot change or shrink under it, and
// nothing is left behind when everything is killed. May block on the file system.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace steady::process {

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
