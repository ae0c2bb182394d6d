// The log formats. Each function is pure: the line's record, or nothing when the line is not of that format.
#pragma once

#include <optional>
#include <string_view>

#include "logs/record.hpp"

namespace steady::logs {

/// syslog as written to files and sent over the network:
///   Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster             (RFC 3164)
///   2024-05-01T12:00:00.123456+02:00 host sshd[24200]: Invalid user      (the same with an ISO 8601 time)
///   <34>1 2024-05-01T12:00:00Z host su 120 ID47 [a@1 b="c"] text          (RFC 5424)
/// The first two may begin with a priority, too.
[[nodiscard]] std::optional<Record> parse_syslog(std::string_view line);

/// The error log of Apache's httpd:
///   [Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok
///   [Sun Dec 04 04:47:44.123456 2005] [core:error] [pid 1:tid 2] [client 192.0.2.1:99] AH00037: text
[[nodiscard]] std::optional<Record> parse_apache(std::string_view line);

}  // namespace steady::logs
