#include "control/ctl/status.hpp"

#include <fmt/format.h>

#include <utility>

#include "control/ctl/actor_text.hpp"
#include "control/ctl/fields.hpp"

namespace steady::control {
namespace {

using nlohmann::json;

Colour colour_of_state(const std::string& state) {
  if (state == "running") return Colour::Green;
  if (state == "failed") return Colour::Red;
  if (state == "waiting" || state == "starting" || state == "stopping") return Colour::Yellow;
  return Colour::Grey;
}

Colour colour_of_fill(double ratio) {
  if (ratio >= 0.9) return Colour::Red;
  return ratio >= 0.7 ? Colour::Yellow : Colour::None;
}

// ---- actors

Row actor_row(const json& actor) {
  const auto state = text_of(actor, "state");
  const auto pid = count_of(actor, "pid");
  const auto memory_bytes = count_of(actor, "memory_bytes");  // 0: not sampled yet
  return {{text_of(actor, "name")},
          {state, colour_of_state(state)},
          number_cell(std::to_string(count_of(actor, "generation"))),
          number_cell(std::to_string(restarts_of(actor))),
          number_cell(pid == 0 ? "-" : std::to_string(pid)),
          number_cell(fmt::format("{:.1f} s", number_of(actor, "cpu_seconds"))),
          number_cell(memory_bytes == 0 ? "-" : bytes_text(memory_bytes)),
          {remark_of(actor)}};
}

// ---- channels

Row reader_row(const json& channel, const json& reader, bool first) {
  const double fill = number_of(reader, "fill_ratio");
  return {{first ? text_of(channel, "name") : ""},
          {text_of(reader, "actor") + '.' + text_of(reader, "port")},
          {fmt::format("{:.0f} %", fill * 100), colour_of_fill(fill), true},
          number_cell(std::to_string(count_of(reader, "inflight_messages"))),
          number_cell(rate_text(number_of(channel, "rate_messages_per_second"))),
          number_cell(count_text(number_of(channel, "messages_sent"))),
          number_cell(count_text(number_of(reader, "messages_received"))),
          {is_true(channel, "closed") ? "closed" : ""}};
}

std::vector<Row> channel_rows(const json& graph) {
  std::vector<Row> rows;
  for (const auto& channel : member(graph, "channels")) {
    bool first = true;
    for (const auto& reader : member(channel, "readers"))
      rows.push_back(reader_row(channel, reader, std::exchange(first, false)));
  }
  return rows;
}

// ---- supervisors

std::string budget_of(const json& supervisor) {
  auto budget = fmt::format("{} of {} used", count_of(supervisor, "used"), count_of(supervisor, "intensity"));
  if (member(supervisor, "resets_in_seconds").is_number())
    budget += ", resets in " + seconds_text(number_of(supervisor, "resets_in_seconds"));
  return budget;
}

Row supervisor_row(const json& supervisor) {
  const bool failed = is_true(supervisor, "failed");
  return {{text_of(supervisor, "name")},
          {text_of(supervisor, "strategy")},
          {budget_of(supervisor), failed ? Colour::Red : Colour::None},
          {failed ? "failed: " + text_of(supervisor, "why") : ""}};
}

std::vector<Row> rows_of(const json& items, Row (*row)(const json&)) {
  std::vector<Row> rows;
  for (const auto& item : items) rows.push_back(row(item));
  return rows;
}

}  // namespace

std::string render_header(const json& graph, const Screen& screen) {
  const bool ready = is_true(graph, "ready");
  std::string line =
      fmt::format("{}  steadyd {}, up {}, ", printable(text_of(graph, "name")), printable(text_of(graph, "version")),
                  seconds_text(number_of(graph, "uptime_seconds")));
  if (is_true(graph, "stopping"))
    line += painted("stopping", Colour::Yellow, screen.colours);
  else
    line += ready ? painted("ready", Colour::Green, screen.colours) : painted("not ready", Colour::Red, screen.colours);
  line += '\n';
  for (const auto& reason : member(graph, "not_ready"))
    if (reason.is_string()) line += clipped("  " + printable(reason.get<std::string>()), screen.width) + '\n';
  return line;
}

std::string render_status(const json& graph, const Screen& screen) {
  const auto actors = rows_of(member(graph, "actors"), &actor_row);
  const auto channels = channel_rows(graph);
  const auto supervisors = rows_of(member(graph, "supervisors"), &supervisor_row);
  return render_header(graph, screen) + '\n' +
         render_table({"ACTOR", "STATE", "GEN", "RESTARTS", "PID", "CPU", "MEMORY", "NOTE"}, actors, screen) + '\n' +
         render_table({"CHANNEL", "READER", "FILL", "IN FLIGHT", "RATE", "SENT", "RECEIVED", ""}, channels, screen) +
         '\n' + render_table({"SUPERVISOR", "STRATEGY", "BUDGET", ""}, supervisors, screen);
}

}  // namespace steady::control
