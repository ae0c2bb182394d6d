// Small file helpers that check every call. May block; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace steady {

/// Reads a whole regular file of at most `limit_bytes`.
/// Errors: NotFound, Denied, Invalid (a directory, a device, or larger than the limit), System.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::uint64_t limit_bytes);

/// Opens with O_CLOEXEC. Errors name the path.
[[nodiscard]] Result<UniqueFd> open_file(const std::string& path, int flags, unsigned mode = 0600);

/// Creates `path` and its missing parents with mode 0700; an existing directory is left as it is.
/// Errors: Denied or System, naming the part that failed; Invalid when a part is no directory.
[[nodiscard]] Status make_directories(const std::string& path);

}  // namespace steady
