// The files of the conf.d directory beside a configuration file. May block.
#pragma once

#include <string>
#include <vector>

#include "config/model.hpp"

namespace steady::config {

/// The *.yaml files of `conf.d` beside `path`, sorted by name; none when there is no such directory. Names that begin
/// with a dot are left out: editors keep their half-written copies there. Reports a directory that cannot be read.
[[nodiscard]] std::vector<std::string> find_drop_ins(const std::string& path, Diagnostics& diagnostics);

}  // namespace steady::config
