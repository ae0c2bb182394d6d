// What the `when` of a trigger says: MEASURE[.AGGREGATE] > VALUE, or <. Pure functions.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "config/model.hpp"

namespace steady::config {

/// What has the trigger: it decides which measures there are.
enum class TriggerOf { Channel, Actor };

/// A trigger with the fields that its condition decides: when, measure, aggregate, above and threshold.
/// Errors: Invalid, with what was expected and found in the part that is wrong.
[[nodiscard]] Result<Trigger> parse_when(std::string_view text, TriggerOf of);

}  // namespace steady::config
