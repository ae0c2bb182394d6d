// A message as people and programs read it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "topology/plan.hpp"

namespace steady::topology {

/// One line of JSON: the fields of a described message, {"hex": ...} of one that is not. A frame that is text becomes a
/// JSON string, any other {"hex": ...}. `bytes` may be cut short; what is missing shows as null, and `length` as "...".
[[nodiscard]] std::string show_message(const PlannedChannel& channel, std::string_view bytes, std::uint64_t length);

}  // namespace steady::topology
