#include "runtime/latency_control.hpp"

#include <algorithm>
#include <cmath>

namespace steady::runtime {
namespace {

/// Latency is brought to this part of the target: what is measured in one interval spreads by some tenths.
constexpr double kGoal = 0.8;
/// The most that one decision takes away.
constexpr double kLargestCut = 1.0 / 16;
/// The most that one decision adds: below which part of the target by what.
constexpr double kFarBelow = 1.0 / 3;
constexpr double kFastGrowth = 2;
constexpr double kBelow = 0.7;
constexpr double kGrowth = 1.25;
constexpr double kNear = 0.9;
constexpr double kSlowGrowth = 1.02;

/// A typical message is younger than this part of an old one: then the old ones are exceptions.
constexpr double kTail = 1.0 / 3;

/// A window is not more than this times what Little's law asks for.
constexpr double kToSpare = 2;

/// A cut leaves this part of what the law asks for at the highest rate lately, which is forgotten by degrees: while nobody is
/// on a core the rate says nothing of what is needed after that.
constexpr double kKeep = 1.0 / 16;
constexpr double kMemory = 0.9;

/// A producer that waits less than this for room would hardly gain by more of it.
constexpr double kBlocked = 0.01;

/// A cut that leaves more than this part of the latency made no difference; after so many it is over for some seconds.
constexpr double kFutile = 0.8;
constexpr unsigned kFutileCuts = 3;
/// So does this many cuts in a row that did not reach the target: they would have taken any window to nothing.
constexpr unsigned kMostCuts = 6;
constexpr unsigned kPatience = 40;

/// So many intervals without a message, and there is nothing to be held any more.
constexpr unsigned kQuiet = 8;

double high(const HopMeasure& hop) { return hop.latency_seconds.value_or(0); }
double median(const HopMeasure& hop) { return hop.latency_seconds ? hop.median_seconds : 0; }

/// The latency of the slowest route through each hop; `latency`: which one of a hop.
std::vector<double> routes_through(const PathShape& path, std::span<const HopMeasure> hops,
                                   double (*latency)(const HopMeasure&)) {
  const std::size_t count = hops.size();
  std::vector<double> own(count);
  std::vector<double> up(count);
  std::vector<double> down(count);
  for (std::size_t i = 0; i < count; ++i) {
    own[i] = latency(hops[i]);
    for (const std::size_t before : path.hops[i].before) up[i] = std::max(up[i], up[before] + own[before]);
  }
  for (std::size_t i = count; i-- > 0;)
    for (const std::size_t before : path.hops[i].before) down[before] = std::max(down[before], down[i] + own[i]);
  for (std::size_t i = 0; i < count; ++i) own[i] += up[i] + down[i];
  return own;
}

std::size_t longest_route(const std::vector<config::Hop>& hops) {
  std::vector<std::size_t> length(hops.size(), 1);
  std::size_t longest = 1;
  for (std::size_t i = 0; i < hops.size(); ++i) {
    for (const std::size_t before : hops[i].before) length[i] = std::max(length[i], length[before] + 1);
    longest = std::max(longest, length[i]);
  }
  return longest;
}

std::uint64_t scaled(const HopMeasure& hop, double factor) {
  const double wanted = static_cast<double>(hop.window) * factor;
  const double bounded = std::clamp(wanted, static_cast<double>(hop.least), static_cast<double>(hop.most));
  const auto window = static_cast<std::uint64_t>(bounded);
  return factor > 1 ? std::min(std::max(window, hop.window + 1), hop.most) : window;
}

/// How many intervals it takes, beside the one that has begun, until messages have gone all the way.
unsigned whole_intervals(double seconds) {
  return static_cast<unsigned>(seconds / std::chrono::duration<double>(kControlInterval).count());
}

/// More is in flight than the window would let in: what is taken now came under a larger one.
bool drains(const HopMeasure& hop) { return hop.in_flight > hop.window; }

bool is_idle(const HopMeasure& hop) { return !hop.latency_seconds && hop.in_flight == 0; }

std::vector<std::uint64_t> windows_of(std::span<const HopMeasure> hops) {
  std::vector<std::uint64_t> windows;
  for (const HopMeasure& hop : hops) windows.push_back(hop.window);
  return windows;
}

/// No message came: what was learned is forgotten after a while.
LatencyDecision rest(LatencyDecision next, std::span<const HopMeasure> hops) {
  if (!std::ranges::all_of(hops, is_idle)) return next;  // they wait for somebody who does not take them
  if (++next.quiet < kQuiet) return next;
  LatencyDecision idle;
  idle.quiet = next.quiet;
  for (const HopMeasure& hop : hops) idle.windows.push_back(scaled(hop, kFastGrowth));
  return idle;
}

/// The most that a hop of a route that is too slow could use: with the whole target for itself, and some to spare. Where
/// the queue is short now it would only be the next to grow.
std::uint64_t most_of_use(const PathShape& path, const HopMeasure& hop) {
  return scaled(hop, std::min(1.0, kToSpare * hop.rate * path.target_seconds / static_cast<double>(hop.window)));
}

/// Takes from every hop that has a fair part in a route that is too slow.
LatencyDecision cut(const PathShape& path, LatencyDecision next, std::span<const HopMeasure> hops,
                    const std::vector<double>& routes) {
  const double fair = 0.5 / static_cast<double>(longest_route(path.hops));
  next.cut_at_seconds = next.p99_seconds;
  for (std::size_t i = 0; i < hops.size(); ++i) {
    if (routes[i] <= path.target_seconds) continue;
    if (hops[i].rate > 0) next.windows[i] = most_of_use(path, hops[i]);
    if (hops[i].latency_seconds.value_or(0) < fair * routes[i]) continue;
    const double factor = std::max(kGoal * path.target_seconds / routes[i], kLargestCut);
    next.windows[i] = std::min(next.windows[i], scaled(hops[i], factor));
    const auto kept = static_cast<std::uint64_t>(kKeep * next.peaks[i] * path.target_seconds);
    next.windows[i] = std::max(next.windows[i], std::min(kept, hops[i].window));
  }
  next.settling = 1 + whole_intervals(path.target_seconds);
  return next;
}

LatencyDecision forget_cuts(LatencyDecision next) {
  next.cut_at_seconds = 0;
  next.cuts = next.futile = next.patience = 0;
  return next;
}

/// Most messages are young, few are old: queues are not what makes them wait.
bool has_a_tail(const PathShape& path, std::span<const HopMeasure> hops, double p99_seconds) {
  const std::vector<double> medians = routes_through(path, hops, median);
  const double typical = *std::ranges::max_element(medians);
  return typical < kTail * p99_seconds && typical < kGoal * path.target_seconds;
}

/// Towards what Little's law asks for, in both directions.
LatencyDecision even_out(const PathShape& path, LatencyDecision next, std::span<const HopMeasure> hops) {
  for (std::size_t i = 0; i < hops.size(); ++i) {
    if (hops[i].rate <= 0) continue;
    const double wanted = kToSpare * hops[i].rate * path.target_seconds / static_cast<double>(hops[i].window);
    if (wanted >= kFarBelow && wanted <= 1) continue;
    next.windows[i] = scaled(hops[i], std::clamp(wanted, kLargestCut, kFastGrowth));
  }
  return next;
}

LatencyDecision miss(const PathShape& path, LatencyDecision next, std::span<const HopMeasure> hops,
                     const std::vector<double>& routes) {
  if (next.patience != 0) {
    --next.patience;
    return even_out(path, std::move(next), hops);
  }
  const bool made_no_difference = next.cut_at_seconds != 0 && next.p99_seconds > kFutile * next.cut_at_seconds;
  next.futile = made_no_difference ? next.futile + 1 : 0;
  if (next.futile == kFutileCuts || next.cuts == kMostCuts) {
    next.windows = next.before;
    next.patience = kPatience;
    next.cuts = next.futile = 0;
    next.cut_at_seconds = 0;
    return next;
  }
  if (next.cuts++ == 0) next.before = windows_of(hops);
  return cut(path, std::move(next), hops, routes);
}

/// By what a hop's window may grow when the slowest route through it takes `part` of the target.
double growth(double part) {
  if (part >= kNear) return 1;
  if (part >= kBelow) return kSlowGrowth;
  if (part >= kFarBelow) return std::min(kGrowth, kGoal / part);
  return kFastGrowth;
}

/// Adds to every hop that keeps its producer waiting although the target leaves room.
LatencyDecision grow(const PathShape& path, LatencyDecision next, std::span<const HopMeasure> hops,
                     const std::vector<double>& routes) {
  for (std::size_t i = 0; i < hops.size(); ++i) {
    const double factor = growth(routes[i] / path.target_seconds);
    if (hops[i].blocked_ratio >= kBlocked && factor > 1) next.windows[i] = scaled(hops[i], factor);
  }
  if (next.windows != windows_of(hops)) next.settling = whole_intervals(path.target_seconds);
  return next;
}

}  // namespace

double hop_percent(const std::vector<config::Hop>& hops) {
  return 100.0 - 1.0 / static_cast<double>(longest_route(hops));
}

LatencyDecision decide(const PathShape& path, const LatencyDecision& last, std::span<const HopMeasure> hops) {
  LatencyDecision next = last;
  next.windows = windows_of(hops);
  if (std::ranges::none_of(hops, [](const HopMeasure& hop) { return hop.latency_seconds.has_value(); }))
    return rest(std::move(next), hops);
  next.quiet = 0;
  next.peaks.resize(hops.size());
  for (std::size_t i = 0; i < hops.size(); ++i) next.peaks[i] = std::max(hops[i].rate, kMemory * next.peaks[i]);
  if (std::ranges::any_of(hops, drains)) {
    next.settling = std::max(next.settling, 1 + whole_intervals(path.target_seconds));
    return next;
  }
  if (next.settling != 0) {
    --next.settling;
    return next;
  }
  const std::vector<double> routes = routes_through(path, hops, high);
  next.p99_seconds = *std::ranges::max_element(routes);
  if (next.p99_seconds > path.target_seconds) {
    next.state = LatencyDecision::State::Missing;
    if (has_a_tail(path, hops, next.p99_seconds)) return even_out(path, forget_cuts(std::move(next)), hops);
    return miss(path, std::move(next), hops, routes);
  }
  next.state = LatencyDecision::State::Holding;
  return grow(path, forget_cuts(std::move(next)), hops, routes);
}

}  // namespace steady::runtime
