#include "control/ctl/top_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "control/ctl/actor_text.hpp"
#include "control/ctl/fields.hpp"

namespace steady::control {
namespace {

using nlohmann::json;

/// Behind everything that has a value.
constexpr double kNone = -1;

// ---- cells

std::optional<double> value_of(const json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::string percent_text(std::optional<double> ratio) {
  return ratio ? fmt::format("{:.0f} %", *ratio * 100) : "-";
}

std::string span_text(std::optional<double> seconds) {
  if (!seconds) return "-";
  if (*seconds < 1e-6) return fmt::format("{:.0f} ns", *seconds * 1e9);
  if (*seconds < 1e-3) return fmt::format("{:.3g} µs", *seconds * 1e6);
  if (*seconds < 1) return fmt::format("{:.3g} ms", *seconds * 1e3);
  return *seconds < 60 ? fmt::format("{:.3g} s", *seconds) : seconds_text(*seconds);
}

std::string rate_or_none(std::optional<double> rate) {
  return rate ? rate_text(*rate) : "-";
}

Colour colour_of_state(const std::string& state) {
  if (state == "running") return Colour::None;
  if (state == "failed") return Colour::Red;
  return state == "finished" || state == "stopped" ? Colour::Grey : Colour::Yellow;
}

Colour colour_of_ratio(std::optional<double> ratio) {
  if (!ratio) return Colour::None;
  return *ratio >= 0.9 ? Colour::Red : *ratio >= 0.7 ? Colour::Yellow : Colour::None;
}

/// The worst colour of the triggers that are active.
Colour colour_of_triggers(const json& item) {
  Colour worst = Colour::None;
  for (const auto& trigger : member(item, "triggers"))
    if (is_true(trigger, "active")) worst = std::max(worst, colour_named(text_of(trigger, "colour")));
  return worst;
}

// ---- order

bool has_part(std::string_view name, std::string_view part) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  const auto equal = [&](char a, char b) { return lower(a) == lower(b); };
  return part.empty() || std::search(name.begin(), name.end(), part.begin(), part.end(), equal) != name.end();
}

/// How bad it is: bottlenecks by their order, then who waits in a circle. Everybody else is less than 3.
class Badness {
 public:
  explicit Badness(const json& graph) {
    double rank = 0;
    for (const auto& deadlock : member(graph, "deadlocks")) {
      add(member(deadlock, "actors"), 3);
      add(member(deadlock, "channels"), 3);
    }
    for (const auto& bottleneck : member(graph, "bottlenecks")) {
      of_[text_of(bottleneck, "actor")] = 4 + 1 / (1 + rank++);
      why_[text_of(bottleneck, "actor")] = text_of(bottleneck, "why");
    }
  }
  [[nodiscard]] double of(const std::string& name, double otherwise) const {
    const auto found = of_.find(name);
    return found == of_.end() ? otherwise : found->second;
  }
  /// Why it is a bottleneck; empty: it is none.
  [[nodiscard]] std::string why(const std::string& actor) const {
    const auto found = why_.find(actor);
    return found == why_.end() ? "" : found->second;
  }

 private:
  void add(const json& names, double badness) {
    for (const auto& name : names)
      if (name.is_string()) of_[name.get<std::string>()] = badness;
  }
  std::map<std::string, double> of_;
  std::map<std::string, std::string> why_;
};

struct Entry {
  std::string name;
  double weight = 0;
  Row row;
};

std::vector<Row> in_order(std::vector<Entry> entries, const View& view) {
  if (view.sort == SortKey::Name)
    std::ranges::stable_sort(entries, {}, &Entry::name);
  else
    std::ranges::stable_sort(entries, std::greater<>(), &Entry::weight);
  if (view.reversed) std::ranges::reverse(entries);
  std::vector<Row> rows;
  for (Entry& entry : entries) rows.push_back(std::move(entry.row));
  return rows;
}

// ---- actors

double weight_of_actor(const json& actor, SortKey sort, const Badness& badness) {
  switch (sort) {
    case SortKey::Cpu:
      return value_of(member(actor, "cpu"), "now").value_or(kNone);
    case SortKey::Memory:
      return number_of(actor, "memory_bytes");
    case SortKey::Rate:
      return number_of(actor, "steps_per_second");
    case SortKey::Restarts:
      return static_cast<double>(restarts_of(actor));
    default:
      break;
  }
  const bool failed = text_of(actor, "state") == "failed";
  return badness.of(text_of(actor, "name"), failed ? 2 : number_of(actor, "room_ratio"));
}

/// Why it holds others back, whom it waits for, why it does not run, or what it says of itself.
Cell remark_cell(const json& actor, const Badness& badness) {
  if (const auto why = badness.why(text_of(actor, "name")); !why.empty()) return {why, Colour::Red};
  const auto blocked_by = text_of(actor, "blocked_by");
  const auto culprit = text_of(actor, "culprit");
  if (!blocked_by.empty())
    return {"waits for " + blocked_by + (culprit.empty() || culprit == blocked_by ? "" : ", held back by " + culprit),
            Colour::Yellow};
  return {remark_of(actor)};
}

Row actor_row(const json& actor, const Badness& badness) {
  const auto state = text_of(actor, "state");
  const auto memory_bytes = count_of(actor, "memory_bytes");  // 0: not sampled yet
  const auto batch = value_of(member(actor, "batch_messages"), "mean");
  const auto room = value_of(actor, "room_ratio");
  return {{text_of(actor, "name"), colour_of_triggers(actor)},
          {state, colour_of_state(state)},
          number_cell(percent_text(value_of(member(actor, "cpu"), "now"))),
          number_cell(memory_bytes == 0 ? "-" : bytes_text(memory_bytes)),
          number_cell(rate_or_none(value_of(actor, "steps_per_second"))),
          number_cell(span_text(value_of(member(actor, "step_seconds"), "p50"))),
          number_cell(batch ? count_text(*batch) : "-"),
          number_cell(percent_text(value_of(actor, "input_ratio"))),
          number_cell(percent_text(room), colour_of_ratio(room)),
          number_cell(percent_text(value_of(actor, "timer_ratio"))),
          number_cell(std::to_string(restarts_of(actor))),
          remark_cell(actor, badness)};
}

// ---- channels

double weight_of_lane(const json& channel, const json& reader, SortKey sort, const Badness& badness) {
  switch (sort) {
    case SortKey::Rate:
      return number_of(channel, "rate_messages_per_second");
    case SortKey::Fill:
      return number_of(reader, "fill_ratio");
    case SortKey::Latency:
      return value_of(member(reader, "latency_seconds"), "p99").value_or(kNone);
    default:
      break;
  }
  // Below 3: a channel in trouble is one in a circle, or one whose reader holds back and whose producer notices.
  const double blocked = number_of(channel, "blocked_ratio");
  const double otherwise = blocked + number_of(reader, "fill_ratio");
  const double of_channel = badness.of(text_of(channel, "name"), otherwise);
  return blocked > 0 ? std::max(of_channel, badness.of(text_of(reader, "actor"), otherwise)) : of_channel;
}

Row lane_row(const json& channel, const json& reader) {
  const auto fill = value_of(reader, "fill_ratio");
  const auto blocked = value_of(channel, "blocked_ratio");
  const auto& latency = member(reader, "latency_seconds");
  const auto oldest = value_of(reader, "waiting_seconds");
  return {{text_of(channel, "name"), colour_of_triggers(channel)},
          {text_of(reader, "actor") + '.' + text_of(reader, "port")},
          number_cell(percent_text(fill), colour_of_ratio(fill)),
          number_cell(count_text(number_of(reader, "inflight_messages"))),
          number_cell(rate_or_none(value_of(channel, "rate_messages_per_second"))),
          number_cell(span_text(value_of(latency, "p50"))),
          number_cell(span_text(value_of(latency, "p99"))),
          number_cell(percent_text(blocked), colour_of_ratio(blocked)),
          number_cell(oldest && *oldest > 0 ? span_text(oldest) : "-"),
          {is_true(channel, "closed") ? "closed" : ""}};
}

}  // namespace

Colour colour_named(const std::string& name) {
  if (name == "red") return Colour::Red;
  if (name == "orange") return Colour::Orange;
  return name == "yellow" ? Colour::Yellow : Colour::None;
}

const std::vector<std::string>& top_actors_header() {
  static const std::vector<std::string> header{"ACTOR", "STATE", "CPU",  "MEMORY", "STEPS",    "STEP",
                                               "BATCH", "INPUT", "ROOM", "TIMER",  "RESTARTS", ""};
  return header;
}

std::vector<Row> top_actors(const json& graph, const View& view) {
  const Badness badness(graph);
  std::vector<Entry> entries;
  for (const auto& actor : member(graph, "actors")) {
    const auto name = text_of(actor, "name");
    if (!has_part(name, view.filter)) continue;
    entries.push_back({name, weight_of_actor(actor, view.sort, badness), actor_row(actor, badness)});
  }
  return in_order(std::move(entries), view);
}

const std::vector<std::string>& top_channels_header() {
  static const std::vector<std::string> header{"CHANNEL", "READER", "FILL",    "IN FLIGHT", "RATE",
                                               "LATENCY", "P99",    "BLOCKED", "OLDEST",    ""};
  return header;
}

std::vector<Row> top_channels(const json& graph, const View& view) {
  const Badness badness(graph);
  std::vector<Entry> entries;
  for (const auto& channel : member(graph, "channels"))
    for (const auto& reader : member(channel, "readers")) {
      const auto name = text_of(channel, "name");
      if (!has_part(name, view.filter) && !has_part(text_of(reader, "actor"), view.filter)) continue;
      entries.push_back({name, weight_of_lane(channel, reader, view.sort, badness), lane_row(channel, reader)});
    }
  return in_order(std::move(entries), view);
}

}  // namespace steady::control
