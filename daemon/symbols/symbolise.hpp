// Turns addresses into functions, files and lines.
#pragma once

#include <vector>

#include "records/incident.hpp"
#include "symbols/protocol.hpp"

namespace steady::symbols {

/// The frames of the request in their order; a call that was inlined is a frame of its own, with the address of the one
/// that it was inlined into. What is not known stays empty.
[[nodiscard]] std::vector<records::StackFrame> symbolise(const Request& request);

}  // namespace steady::symbols
