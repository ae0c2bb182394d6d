// Bytes as text that any channel carries. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace steady {

/// Two lower-case digits per byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Empty for anything that is not whole bytes of hexadecimal digits, of either case.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace steady
