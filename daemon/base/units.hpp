// Durations and sizes as people write them: "250us", "1.5s", "64Ki", "16MiB". Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace steady {

/// Parses a non-negative duration. Units: ns, us, ms, s, m, h; a fraction is allowed ("0.5s"); a bare "0" needs no unit.
/// Errors: Invalid, with what is accepted; also when it does not fit 64-bit nanoseconds.
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Parses a count of bytes or of things. Suffixes: none, k M G (powers of 1000), Ki Mi Gi (powers of 1024), each with
/// an optional trailing B. Errors: Invalid, with what is accepted; also when it does not fit 64 bits.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact form with one unit: 1500ms -> "1500ms", 60s -> "1m", 0 -> "0s". parse_duration reads it back.
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);

/// "512", "64Ki", "1Mi"; exact: a count that is no multiple of 1024 is printed whole. parse_size reads it back.
[[nodiscard]] std::string format_size(std::uint64_t count);

}  // namespace steady
