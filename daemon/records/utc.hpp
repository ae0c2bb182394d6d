// Moments for people and programs. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace steady::records {

/// RFC 3339 in UTC with milliseconds: "2026-01-31T23:59:59.999Z".
[[nodiscard]] std::string utc_text(std::int64_t unix_ns);

}  // namespace steady::records
