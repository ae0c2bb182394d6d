// Where the daemon's log goes: the formats of base/log, with the journal of this machine behind them. Loop thread only.
#pragma once

#include "base/log.hpp"
#include "config/model.hpp"

namespace steady::runtime {

/// The format of the configuration, in the log's own words.
[[nodiscard]] log::Format log_format(config::LogFormat format);

/// From the next line on. Without a journal, journald becomes human, and the log says so.
void use_log_format(log::Format format);

}  // namespace steady::runtime
