// A message as people and programs write it, made into its bytes: the inverse of show_message. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "topology/plan.hpp"

namespace steady::topology {

/// Reads one line of JSON for a channel that carries `message`s: an object with every field of its layout and no
/// other, numbers within their types, texts that fit, arrays of the right length; {"hex": "..."} with all of its bytes is
/// taken too. For frames: a JSON string, or {"hex": "..."}. Bytes between fields are zero.
/// Errors: Invalid, saying which field, what was expected and what was found.
[[nodiscard]] Result<std::string> read_message(bool frames, const Message& message, std::string_view json);

}  // namespace steady::topology
