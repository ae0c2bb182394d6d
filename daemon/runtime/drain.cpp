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

/// What keeps this worker, which runs, from finishing; words that follow its name.
std::string obstacle(const DrainView& view, std::size_t worker) {
  if (view.in_call[worker]) return "is in a step that does not return";
  for (const DrainView::Channel& channel : view.channels)
    if (channel.consumer == worker && !channel.empty) return "has messages of " + channel.name + " before it";
  for (const DrainView::Channel& channel : view.channels)
    if (channel.consumer == worker && !channel.closed)
      return "waits for the end of " + channel.name + ", and " + view.names[channel.producer] +
             (view.at_rest[channel.producer] ? " is down" : " has not finished");
  for (const DrainView::Channel& channel : view.channels)
    if (channel.producer == worker && !channel.empty)
      return "may wait for room on " + channel.name + ", which " + view.names[channel.consumer] + " does not empty";
  return "does not come to its end";
}

}  // namespace

std::vector<std::string> who_would_not_finish(const DrainView& view) {
  std::vector<std::string> lines;
  for (std::size_t worker = 0; worker < view.at_rest.size(); ++worker)
    if (!view.at_rest[worker]) lines.push_back(view.names[worker] + " " + obstacle(view, worker));
  return lines;
}

bool drained_as_far_as_possible(const DrainView& view) {
  const std::vector<bool> stranded = stranded_workers(view);
  for (std::size_t worker = 0; worker < view.at_rest.size(); ++worker)
    if (!view.at_rest[worker] && !stranded[worker]) return false;
  return std::all_of(view.channels.begin(), view.channels.end(), [&](const DrainView::Channel& channel) {
    return channel.empty || view.at_rest[channel.consumer];
  });
}

}  // namespace steady::runtime
