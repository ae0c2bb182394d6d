#include "runtime/drain.hpp"

#include <algorithm>

namespace steady::runtime {
namespace {

/// Workers that run and will never see all of their inputs closed.
std::vector<bool> stranded_workers(const DrainView& view) {
  std::vector<bool> stranded(view.at_rest.size(), false);
  for (bool changed = true; changed;) {
    changed = false;
    for (const DrainView::Channel& channel : view.channels) {
      const bool never_closed = !channel.closed && (view.at_rest[channel.producer] || stranded[channel.producer]);
      if (!never_closed || view.at_rest[channel.consumer] || stranded[channel.consumer]) continue;
      stranded[channel.consumer] = true;
      changed = true;
    }
  }
  return stranded;
}

}  // namespace

bool drained_as_far_as_possible(const DrainView& view) {
  const std::vector<bool> stranded = stranded_workers(view);
  for (std::size_t worker = 0; worker < view.at_rest.size(); ++worker)
    if (!view.at_rest[worker] && !stranded[worker]) return false;
  return std::all_of(view.channels.begin(), view.channels.end(), [&](const DrainView::Channel& channel) {
    return channel.empty || view.at_rest[channel.consumer];
  });
}

}  // namespace steady::runtime
