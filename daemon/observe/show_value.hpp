// A measured value as people read it, with its unit. Pure function.
#pragma once

#include <string>
#include <string_view>

namespace steady::observe {

/// `value`, in base units, rounded to three digits: "8.1ms", "83%", "512MiB", "10200/s", "12". The measure that `when`
/// begins with says what it is: show_value("latency.p99 > 5ms", 0.0081).
[[nodiscard]] std::string show_value(std::string_view when, double value);

}  // namespace steady::observe
