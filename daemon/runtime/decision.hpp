// What the supervision tree decided about a death, in words for its incident. Pure.
#pragma once

#include <string>

#include "supervision/tree.hpp"

namespace steady::runtime {

/// "restarted at once (2 of 5 restarts within 10s)", "supervisor root gave up: ...", "stays down: ...".
[[nodiscard]] std::string decision_of(const supervision::Actions& actions, supervision::ChildId child,
                                      const supervision::Tree& tree, supervision::TimePoint now);

}  // namespace steady::runtime
