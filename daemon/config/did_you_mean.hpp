// Guesses what a misspelt word was meant to be. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace steady::config {

/// How many single-character insertions, deletions, replacements and swaps of neighbours turn `a` into `b`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// ", did you mean 'NEAREST'?" when a candidate is near enough to be a slip of the pen, otherwise nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace steady::config
