// The ways in which a plugin can fail.
#pragma once

#include <string_view>

namespace steady::chaos {

/// Fails as the word says: segv, abort, throw, exit, exit_cleanly, stack_overflow, memory, spin, deadlock. Does not
/// return. Throws what its kind throws, and std::invalid_argument for any other word.
[[noreturn]] void fail_by(std::string_view kind);

}  // namespace steady::chaos
