// Incidents and dead letters as the JSON that the control protocol carries; steadyctl and the page read it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "records/dead_letter.hpp"
#include "records/incident.hpp"

namespace steady::records {

/// Every field under its own name; at_unix_ns as "at" (RFC 3339, UTC, milliseconds); backtrace, stderr_tail and ports
/// as arrays; fault_address null when there is none. Bytes that are no UTF-8 become U+FFFD, so any dump() succeeds.
[[nodiscard]] nlohmann::json to_json(const Incident& incident);
/// Likewise; state as "moving", "held", "replaying"; the payload as "payload_hex" when it is there.
[[nodiscard]] nlohmann::json to_json(const DeadLetter& letter);

}  // namespace steady::records
