// From text to one YAML document that is safe to walk.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>

#include "config/report.hpp"

namespace steady::config {

/// Parses `text`. Reports, and returns nothing, when it is no text, no YAML, more than one document, or so deep or so
/// large (aliases counted as often as they are used) that no configuration could mean it. An empty text is a null node.
[[nodiscard]] std::optional<YAML::Node> parse_document(const std::string& file, const std::string& text,
                                                       Report& report);

}  // namespace steady::config
