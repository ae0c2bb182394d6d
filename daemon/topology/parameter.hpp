// Whether a text can be the value of a plugin's parameter. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace steady::topology {

/// integer, real, boolean, text, duration or size.
[[nodiscard]] bool is_parameter_type(std::string_view type);

/// Errors: Invalid, with what `type` accepts and what was found.
[[nodiscard]] Status check_parameter(std::string_view type, const std::string& text);

}  // namespace steady::topology
