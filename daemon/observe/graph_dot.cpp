#include <fmt/format.h>

#include <array>
#include <string_view>

#include "observe/graph.hpp"
#include "observe/show_value.hpp"
#include "observe/snapshot.hpp"

namespace steady::observe {
namespace {

struct StateColour {
  std::string_view state;
  std::string_view fill;
};
// The same colours as on the page (page/style.css).
constexpr std::array kStateColours{
    StateColour{"stopped", "#e5e7eb"}, StateColour{"waiting", "#fef3c7"},  StateColour{"starting", "#dbeafe"},
    StateColour{"running", "#dcfce7"}, StateColour{"stopping", "#ffedd5"}, StateColour{"finished", "#ede9fe"},
    StateColour{"failed", "#fecaca"},
};

std::string_view colour_of(std::string_view state) {
  for (const auto& entry : kStateColours)
    if (entry.state == state) return entry.fill;
  return "#ffffff";
}

/// Text inside a DOT string. A backslash is doubled too, for labels read "\N" and its like as commands.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\')
      (result += '\\') += c;
    else if (c == '\n')
      result += "\\n";
    else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
      result += ' ';
    else
      result += c;
  }
  return result;
}

std::string quoted(std::string_view text) {
  return '"' + escaped(text) + '"';
}

struct TriggerColour {
  std::string_view colour;
  std::string_view line;
};
// The mildest first.
constexpr std::array kTriggerColours{TriggerColour{"yellow", "#eab308"}, TriggerColour{"orange", "#f97316"},
                                     TriggerColour{"red", "#dc2626"}};

/// Attributes in the colour of the worst trigger that is active, or nothing.
std::string outline(const std::vector<TriggerSnapshot>& triggers) {
  std::string attributes;
  for (const auto& [colour, line] : kTriggerColours)
    for (const auto& trigger : triggers)
      if (trigger.active && trigger.colour == colour) attributes = fmt::format(", color=\"{}\", penwidth=2", line);
  return attributes;
}

std::string percent(double ratio) {
  return fmt::format("{:.0f} %", ratio * 100);
}

std::string capacity_of(const ChannelSnapshot& channel) {
  return channel.frames ? fmt::format("{} bytes", channel.capacity_bytes)
                        : fmt::format("{} messages", channel.capacity_messages);
}

std::string restarts_of(const ActorSnapshot& actor) {
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : actor.restarts) sum += count;
  return fmt::format("{} restart{}", sum, sum == 1 ? "" : "s");
}

std::string node(const Snapshot& snapshot, const ActorSnapshot& actor) {
  std::string label = fmt::format("{}\\n{}\\n{}, generation {}, {}\\n{:.1f} cores, {:.0f} MiB", escaped(actor.name),
                                  escaped(actor.type), escaped(actor.state), actor.generation, restarts_of(actor),
                                  actor.cpu.now, static_cast<double>(actor.memory_bytes) / (1024 * 1024));
  for (const Bottleneck& found : snapshot.bottlenecks)
    if (found.actor == actor.name)
      label += fmt::format("\\nholds back {}: {}", found.holds_back.size(), escaped(found.why));
  if (!actor.note.empty()) label += "\\n" + escaped(actor.note);
  return fmt::format("  {} [label=\"{}\", fillcolor=\"{}\"{}];\n", quoted(actor.name), label, colour_of(actor.state),
                     outline(actor.triggers));
}

std::string edge(const ChannelSnapshot& channel, const ChannelReader& reader) {
  auto label = fmt::format("{}\\n{:.0f}/s\\n{}", percent(reader.fill_ratio), channel.rate_messages_per_second,
                           capacity_of(channel));
  if (reader.latency_seconds.count != 0) label += "\\np99 " + show_value("latency", reader.latency_seconds.p99);
  return fmt::format("  {} -> {} [label=\"{}\", taillabel={}, headlabel={}{}];\n", quoted(channel.from_actor),
                     quoted(reader.actor), label, quoted(channel.from_port), quoted(reader.port),
                     outline(channel.triggers));
}

}  // namespace

std::string render_dot(const Snapshot& snapshot) {
  std::string dot = fmt::format("digraph {} {{\n", quoted(snapshot.name));
  dot += "  rankdir=LR;\n";
  dot += "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n";
  dot += "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  for (const auto& actor : snapshot.actors) dot += node(snapshot, actor);
  for (const auto& channel : snapshot.channels)
    for (const auto& reader : channel.readers) dot += edge(channel, reader);
  return dot + "}\n";
}

}  // namespace steady::observe
