// The lists of an incident as the text of one column each, in JSON. Pure functions; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "records/incident.hpp"

namespace steady::records {

[[nodiscard]] nlohmann::json list_json(const std::vector<StackFrame>& frames);
[[nodiscard]] nlohmann::json list_json(const std::vector<PortPosition>& ports);

/// Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string column_of(const nlohmann::json& list);

// What cannot be read reads as empty: one damaged column does not cost the rest of its incident.
[[nodiscard]] std::vector<StackFrame> frames_in(const std::string& column);
[[nodiscard]] std::vector<std::string> lines_in(const std::string& column);
[[nodiscard]] std::vector<PortPosition> ports_in(const std::string& column);

}  // namespace steady::records
