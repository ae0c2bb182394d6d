// Starts a program with exactly the descriptors that it is to have, at a price that does not depend on how many we have
// open. Loop thread only; the one place where steadyd forks.
//
// fork and posix_spawn copy our whole table of descriptors, and the new program closes the copies one by one before it
// begins: with a thousand workers, four descriptors each, a third of a millisecond per start. Here the child shares our
// table, leaves it for one without most of it (CLOSE_RANGE_UNSHARE copies only what stays), and gets what it needs
// through a socket.
#pragma once

#include <vector>

#include "base/result.hpp"

namespace steady::process {

/// What execvpe() takes: both end with a null pointer.
struct Program {
  std::vector<char*> arguments;  ///< the first is the program; one without a slash is looked for in PATH
  std::vector<char*> environment;
};

/// The child gets a copy of `descriptors[n]` as n, and no other; every signal is at its default and none blocked. Returns
/// its pid once it runs the program: until then we stand still, and no copy of our address space is made.
/// Errors: NotFound or Denied for the program, Exhausted, System.
[[nodiscard]] Result<int> launch(const Program& program, std::vector<int> descriptors, bool new_session);

}  // namespace steady::process
