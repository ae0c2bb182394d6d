#include "control/ctl/top.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "control/ctl/fields.hpp"
#include "control/ctl/status.hpp"
#include "control/ctl/top_rows.hpp"

namespace steady::control {
namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

/// Of a small screen half is for the tables, whatever there is to say.
constexpr std::size_t kHeadLinesMin = 3;

void append_lines(Lines& lines, std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// One line of plain text in one colour.
std::string remark(const std::string& text, Colour colour, const Screen& screen) {
  return painted(clipped(printable(text), screen.width), colour, screen.colours);
}

std::string joined(const json& names) {
  std::string text;
  for (const auto& name : names)
    if (name.is_string()) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

/// "deadlock: a waits for b, b waits for a (on a.x, b.y)"
std::string deadlock_text(const json& deadlock) {
  Lines names;
  for (const auto& name : member(deadlock, "actors"))
    if (name.is_string()) names.push_back(name.get<std::string>());
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += fmt::format("{}{} waits for {}", i == 0 ? "deadlock: " : ", ", names[i], names[(i + 1) % names.size()]);
  return text + " (on " + joined(member(deadlock, "channels")) + ")";
}

std::string trigger_text(const std::string& name, const json& trigger) {
  const std::string value = text_of(trigger, "shown");
  return name + ": " + text_of(trigger, "when") + (value.empty() ? "" : " (now " + value + ")");
}

void append_triggers(Lines& lines, const json& items, const Screen& screen) {
  for (const auto& item : items)
    for (const auto& trigger : member(item, "triggers"))
      if (is_true(trigger, "active"))
        lines.push_back(remark(trigger_text(text_of(item, "name"), trigger), colour_named(text_of(trigger, "colour")),
                               screen));
}

/// What the view leaves out or does otherwise, and the filter while it is typed; empty when there is nothing to say.
std::string view_text(const View& view) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (view.sort != SortKey::Bottleneck || view.reversed)
    add("sorted by " + std::string(name_of(view.sort)) + (view.reversed ? ", reversed" : ""));
  if (view.shown != Shown::Both) add(view.shown == Shown::Actors ? "actors only" : "channels only");
  if (view.typing || !view.filter.empty()) add("filter: " + view.filter + (view.typing ? "_" : ""));
  return text;
}

Lines head_of(const json& graph, const View& view, const Screen& screen) {
  Lines lines;
  if (graph.is_object()) append_lines(lines, render_header(graph, screen));
  // What the keys do shows at once, so it stands where nothing pushes it away.
  if (const auto text = view_text(view); !text.empty())
    lines.insert(lines.begin() + (lines.empty() ? 0 : 1), remark(text, Colour::Grey, screen));
  if (!view.lost.empty()) lines.insert(lines.begin(), remark("snapshot: " + view.lost, Colour::Red, screen));
  for (const auto& deadlock : member(graph, "deadlocks"))
    lines.push_back(remark(deadlock_text(deadlock), Colour::Red, screen));
  for (const auto& bottleneck : member(graph, "bottlenecks"))
    lines.push_back(remark(fmt::format("{} holds back {}: {}", text_of(bottleneck, "actor"),
                                       joined(member(bottleneck, "holds_back")), text_of(bottleneck, "why")),
                           Colour::Yellow, screen));
  append_triggers(lines, member(graph, "actors"), screen);
  append_triggers(lines, member(graph, "channels"), screen);
  return lines;
}

void shorten(Lines& lines, std::size_t count_max) {
  if (lines.size() <= count_max) return;
  const auto hidden = lines.size() - count_max + 1;
  lines.resize(count_max - 1);
  lines.push_back(fmt::format("... and {} more", hidden));
}

/// The tables, or the help.
Lines body_of(const json& graph, const View& view, const Screen& screen) {
  Lines lines;
  if (view.help) {
    append_lines(lines, help_text());
    return lines;
  }
  if (view.shown != Shown::Channels)
    append_lines(lines, render_table(top_actors_header(), top_actors(graph, view), screen));
  if (view.shown == Shown::Both) lines.emplace_back();
  if (view.shown != Shown::Actors)
    append_lines(lines, render_table(top_channels_header(), top_channels(graph, view), screen));
  return lines;
}

std::string text_from(const Lines& lines, std::size_t first, std::size_t count) {
  std::string text;
  for (std::size_t i = first; i < std::min(lines.size(), first + count); ++i) text += lines[i] + '\n';
  return text;
}

}  // namespace

TopFrame render_top(const json& graph, const View& view, const Screen& screen) {
  Lines head = head_of(graph, view, screen);
  Lines body = body_of(graph, view, screen);
  shorten(head, std::max(kHeadLinesMin, screen.height / 2));
  head.emplace_back();
  if (view.shown != Shown::Both && !view.help) {  // the titles of a single table stay
    head.push_back(body.front());
    body.erase(body.begin());
  }
  TopFrame frame;
  frame.page = screen.height > head.size() ? screen.height - head.size() : 0;
  frame.scroll_max = body.size() - std::min(body.size(), frame.page);
  frame.page = std::min(frame.page, body.size());
  frame.text = text_from(head, 0, screen.height) + text_from(body, std::min(view.scroll, frame.scroll_max), frame.page);
  return frame;
}

}  // namespace steady::control
