#include "observe/waits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

namespace steady::observe {
namespace {

using Actor = WaitView::Actor;
using Lane = WaitView::Lane;
using Choices = std::vector<WaitsFor>;  ///< the better one first

constexpr double kHalf = 0.5;
constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

/// What was measured, as a part of a second; also of what is no number.
double part(double ratio) {
  return ratio > 0 ? std::min(ratio, 1.0) : 0.0;
}

double waited(const Actor& actor) {
  return part(actor.room_ratio) + part(actor.input_ratio) + part(actor.timer_ratio);
}

bool can_wait(const Actor& actor) {
  return actor.runs && !actor.finished && !actor.frozen;
}

bool held_back(const Actor& actor) {
  return can_wait(actor) && part(actor.room_ratio) >= kHeldBack;
}

std::string words_for_rest(const std::string& state) {
  constexpr std::array<std::pair<std::string_view, const char*>, 5> kWords{{{"stopped", "is stopped"},
                                                                            {"waiting", "is waiting to be restarted"},
                                                                            {"starting", "is starting"},
                                                                            {"stopping", "is stopping"},
                                                                            {"failed", "is failed"}}};
  for (const auto& [name, words] : kWords)
    if (state == name) return words;
  return "does not run";
}

/// Why an actor that waits for nobody holds others back.
std::string words_for(const Actor& actor) {
  if (!actor.runs) return words_for_rest(actor.state);
  if (actor.frozen) return "was stopped by a signal";
  if (part(actor.timer_ratio) >= kHalf) return "waits for its timer";
  if (part(actor.input_ratio) >= kHalf) return "waits for more input than there is";
  if (part(actor.room_ratio) >= kHalf) return "waits for room that nobody makes";
  return actor.in_call && !actor.stepped ? "is in a step that does not return" : "is busy";
}

/// The lanes of a view, by actor; and whom each actor may wait for, judged by itself.
class Links {
 public:
  explicit Links(const WaitView& view)
      : view_(view), inputs_(view.actors.size()), outputs_(view.actors.size()), fullest_(view.lanes.size(), false) {
    for (std::size_t i = 0; i < view.lanes.size(); ++i) {
      const Lane& lane = view.lanes[i];
      if (lane.producer >= view.actors.size() || lane.reader >= view.actors.size()) continue;
      inputs_[lane.reader].push_back(i);
      if (!view.actors[lane.reader].finished) outputs_[lane.producer].push_back(i);
    }
    for (const auto& lanes : outputs_) find_fullest(lanes);
  }

  [[nodiscard]] Choices of(std::size_t index) const {
    const Actor& actor = view_.actors[index];
    if (!can_wait(actor)) return {};
    const bool for_room = part(actor.room_ratio) >= kHeldBack;
    const bool for_input =
        part(actor.input_ratio) >= kHeldBack && part(actor.input_ratio) >= part(actor.timer_ratio);
    const bool room_first = part(actor.room_ratio) >= part(actor.input_ratio);
    Choices choices;
    if (for_room && room_first) choices = for_room_of(index);
    if (for_input && choices.empty()) choices = for_input_of(index);
    if (for_room && choices.empty()) choices = for_room_of(index);
    return choices;
  }

 private:
  void find_fullest(const std::vector<std::size_t>& lanes) {
    std::map<std::string_view, std::size_t> found;
    for (const std::size_t lane : lanes) {
      const auto [entry, is_first] = found.emplace(view_.lanes[lane].channel, lane);
      if (!is_first && fill(lane) > fill(entry->second) + kSame) entry->second = lane;
    }
    for (const auto& [channel, lane] : found) fullest_[lane] = true;
  }

  [[nodiscard]] double fill(std::size_t lane) const { return part(view_.lanes[lane].fill); }
  [[nodiscard]] double blocked(std::size_t lane) const { return part(view_.lanes[lane].blocked_ratio); }

  /// The channels that blocked it longest, each by its fullest reader.
  [[nodiscard]] Choices for_room_of(std::size_t actor) const {
    double longest = 0;
    for (const std::size_t lane : outputs_[actor]) longest = std::max(longest, blocked(lane));
    Choices choices;
    for (const std::size_t lane : outputs_[actor])
      if (fullest_[lane] && blocked(lane) > 0 && blocked(lane) >= longest - kSame && !keeps_up(view_.lanes[lane].reader))
        choices.push_back({view_.lanes[lane].reader, lane, true});
    return choices;
  }

  /// It steps, and waits for what is nobody's part to bring but those whom it keeps waiting: they take turns, as when there
  /// are fewer cores than actors, and neither is slow.
  [[nodiscard]] bool keeps_up(std::size_t reader) const {
    const Actor& actor = view_.actors[reader];
    return can_wait(actor) && actor.stepped && part(actor.input_ratio) >= kHalf && for_input_of(reader).empty();
  }

  /// The lanes that were too empty, and of them only the empty ones if there are any.
  [[nodiscard]] Choices for_input_of(std::size_t actor) const {
    Choices choices;
    for (const std::size_t lane : inputs_[actor])
      if (lacks(lane)) choices.push_back({view_.lanes[lane].producer, lane, false});
    const auto empty = [this](const WaitsFor& choice) { return view_.lanes[choice.lane].empty; };
    const auto rest = std::stable_partition(choices.begin(), choices.end(), empty);
    if (rest != choices.begin()) choices.erase(rest, choices.end());
    return choices;
  }

  [[nodiscard]] bool lacks(std::size_t index) const {
    const Lane& lane = view_.lanes[index];
    const Actor& producer = view_.actors[lane.producer];
    const bool holds_back = fullest_[index] && blocked(index) >= kHeldBack && held_back(producer);
    return !lane.closed && !producer.finished && fill(index) < kHalf && !holds_back;
  }

  const WaitView& view_;
  std::vector<std::vector<std::size_t>> inputs_;   ///< of each actor: lanes
  std::vector<std::vector<std::size_t>> outputs_;  ///< likewise, without those whose reader has finished
  std::vector<bool> fullest_;                      ///< of each lane: of the readers of its channel
};

/// For each actor: how many links it is from one that waits for nobody; kNowhere: all its ways lead into circles.
std::vector<std::size_t> distances(const std::vector<Choices>& choices) {
  std::vector<std::vector<std::size_t>> waiters(choices.size());
  std::vector<std::size_t> distance(choices.size(), kNowhere);
  std::vector<std::size_t> queue;
  for (std::size_t actor = 0; actor < choices.size(); ++actor) {
    for (const WaitsFor& choice : choices[actor]) waiters[choice.actor].push_back(actor);
    if (!choices[actor].empty()) continue;
    distance[actor] = 0;
    queue.push_back(actor);
  }
  for (std::size_t next = 0; next < queue.size(); ++next)
    for (const std::size_t waiter : waiters[queue[next]]) {
      if (distance[waiter] != kNowhere) continue;
      distance[waiter] = distance[queue[next]] + 1;
      queue.push_back(waiter);
    }
  return distance;
}

/// One link per actor: the one that is nearest to a culprit, and of equals the first.
std::vector<std::optional<WaitsFor>> decide(const std::vector<Choices>& choices) {
  const auto distance = distances(choices);
  const auto nearer = [&](const WaitsFor& left, const WaitsFor& right) {
    return distance[left.actor] < distance[right.actor];
  };
  std::vector<std::optional<WaitsFor>> links(choices.size());
  for (std::size_t actor = 0; actor < choices.size(); ++actor)
    if (!choices[actor].empty()) links[actor] = *std::ranges::min_element(choices[actor], nearer);
  return links;
}

/// Follows the links from every actor that is held back.
class Chains {
 public:
  Chains(const WaitView& view, const std::vector<std::optional<WaitsFor>>& links)
      : view_(view), links_(links), ends_(links.size()), place_(links.size(), kNowhere) {
    graph_.waits_for.resize(links.size());
    graph_.culprits.resize(links.size());
  }

  WaitGraph follow() {
    for (std::size_t actor = 0; actor < links_.size(); ++actor)
      if (held_back(view_.actors[actor]) && links_[actor]) follow_from(actor);
    collect();
    return std::move(graph_);
  }

 private:
  /// Where a chain ends, once known.
  struct End {
    bool known = false;
    std::size_t culprit = kNowhere;  ///< kNowhere: in a deadlock
    std::size_t links = 0;           ///< how far away
  };

  void follow_from(std::size_t actor) {
    std::vector<std::size_t> path;
    while (!ends_[actor].known && place_[actor] == kNowhere && links_[actor]) {
      graph_.waits_for[actor] = links_[actor];
      place_[actor] = path.size();
      path.push_back(actor);
      actor = links_[actor]->actor;
    }
    if (!ends_[actor].known) end_at(actor, path);
    for (; !path.empty(); path.pop_back()) {
      if (ends_[path.back()].known) continue;  // in the circle
      const End& next = ends_[links_[path.back()]->actor];
      ends_[path.back()] = {true, next.culprit, next.links + 1};
    }
  }

  void end_at(std::size_t actor, const std::vector<std::size_t>& path) {
    if (!links_[actor]) {
      ends_[actor] = {true, actor, 0};
      return;
    }
    std::vector<std::size_t> circle(path.begin() + static_cast<std::ptrdiff_t>(place_[actor]), path.end());
    if (std::ranges::all_of(circle, [&](std::size_t member) { return stuck(view_.actors[member]); })) {
      add_deadlock(circle);
    } else {
      add_flowing(circle);
    }
  }

  static bool stuck(const Actor& actor) {
    return !actor.stepped && part(actor.room_ratio) + part(actor.input_ratio) >= kStuck;
  }

  void add_deadlock(std::vector<std::size_t> circle) {
    std::ranges::rotate(circle, std::ranges::min_element(circle));
    WaitGraph::Circle deadlock;
    for (const std::size_t member : circle) {
      deadlock.lanes.push_back(links_[member]->lane);
      ends_[member] = {true, kNowhere, 0};
    }
    deadlock.actors = std::move(circle);
    graph_.deadlocks.push_back(std::move(deadlock));
  }

  void add_flowing(std::vector<std::size_t> circle) {
    std::ranges::rotate(circle, std::ranges::min_element(circle));
    std::size_t busiest = 0;
    for (std::size_t i = 1; i < circle.size(); ++i)
      if (waited(view_.actors[circle[i]]) < waited(view_.actors[circle[busiest]]) - kSame) busiest = i;
    const std::size_t culprit = circle[busiest];
    for (std::size_t i = 0; i < circle.size(); ++i) {
      const std::size_t links = (busiest + circle.size() - i) % circle.size();
      ends_[circle[i]] = {true, culprit, links};
    }
  }

  /// Turns the ends of all chains into culprits with those that they hold back.
  void collect() {
    std::vector<WaitGraph::Culprit> found(links_.size());
    for (std::size_t actor = 0; actor < links_.size(); ++actor) {
      const std::size_t culprit = ends_[actor].culprit;
      if (!ends_[actor].known || culprit == kNowhere || culprit == actor) continue;
      graph_.culprits[actor] = culprit;
      found[culprit].holds_back.push_back(actor);
      found[culprit].blocked_ratio = std::max(found[culprit].blocked_ratio, part(view_.actors[actor].room_ratio));
    }
    for (std::size_t actor = 0; actor < found.size(); ++actor) {
      // Of a circle of one that still flows nobody but itself is held back.
      if (found[actor].holds_back.empty()) continue;
      found[actor].actor = actor;
      found[actor].why = links_[actor] ? "is the busiest of a circle" : words_for(view_.actors[actor]);
      const auto nearer = [&](std::size_t left, std::size_t right) { return ends_[left].links < ends_[right].links; };
      std::ranges::stable_sort(found[actor].holds_back, nearer);
      graph_.bottlenecks.push_back(std::move(found[actor]));
    }
    const auto rank = [](const WaitGraph::Culprit& culprit) {
      return std::pair(std::lround(culprit.blocked_ratio * 10), culprit.holds_back.size());
    };
    std::ranges::stable_sort(graph_.bottlenecks, std::ranges::greater(), rank);
    std::ranges::sort(graph_.deadlocks, {}, [](const WaitGraph::Circle& circle) { return circle.actors.front(); });
  }

  const WaitView& view_;
  const std::vector<std::optional<WaitsFor>>& links_;
  std::vector<End> ends_;
  std::vector<std::size_t> place_;  ///< on the path that came by
  WaitGraph graph_;
};

}  // namespace

WaitGraph analyse(const WaitView& view) {
  const Links links(view);
  std::vector<Choices> choices(view.actors.size());
  for (std::size_t actor = 0; actor < choices.size(); ++actor) choices[actor] = links.of(actor);
  const auto decided = decide(choices);
  return Chains(view, decided).follow();
}

}  // namespace steady::observe
