// What `steadyctl top` draws. Pure functions; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/ctl/table.hpp"
#include "control/ctl/top_view.hpp"

namespace steady::control {

struct TopFrame {
  std::string text;            ///< at most as many lines as the screen has, each ended
  std::size_t page = 0;        ///< lines of it that scroll
  std::size_t scroll_max = 0;  ///< View::scroll beyond it shows the same as at it
};

/// The service and what is wrong with it, then the tables. From the daemon's graph JSON; fields that another version of
/// the daemon does not send are empty, zero or "-".
[[nodiscard]] TopFrame render_top(const nlohmann::json& graph, const View& view, const Screen& screen = {});

}  // namespace steady::control
