// Names and how user text is quoted in a message. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace steady::config {

/// A letter or underscore, then letters, digits, underscores and hyphens; at most 63 characters.
[[nodiscard]] bool is_name(std::string_view text);

/// 'TEXT', with control characters made visible and a long text cut.
[[nodiscard]] std::string quote(std::string_view text);

/// `text` without blanks at either end.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// Like quote(), without the quotes: for key paths.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace steady::config
