// `${VAR}` and `${VAR:-default}` inside a scalar. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace steady::config {

using Environment = std::map<std::string, std::string, std::less<>>;

/// A copy of this process's environment. Not safe beside setenv.
[[nodiscard]] Environment process_environment();

/// Replaces each `${VAR}` by its value and `${VAR:-default}` by its value, or by the default when VAR is unset or
/// empty.
/// `$$` is one `$`; any other `$` stands for itself, so that `^a$` needs no escape. What was put in is not expanded
/// again. Errors: Invalid for an unset variable without a default, a malformed reference, or more than 64 KiB of
/// result.
[[nodiscard]] Result<std::string> expand(std::string_view text, const Environment& environment);

}  // namespace steady::config
