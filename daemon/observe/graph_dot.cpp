#include <fmt/format.h>

#include <array>
#include <string_view>

#include "observe/graph.hpp"
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

std::string percent(double ratio) {
  return fmt::format("{:.0f} %", ratio * 100);
}

std::string capacity_of(const ChannelSnapshot& channel) {
  return channel.frames ? fmt::format("{} bytes", channel.capacity_bytes)
                        : fmt::format("{} messages", channel.capacity_messages);
}

std::string node(const ActorSnapshot& actor) {
  std::string label = fmt::format("{}\\n{}\\n{}, generation {}", escaped(actor.name), escaped(actor.type),
                                  escaped(actor.state), actor.generation);
  if (!actor.note.empty()) label += "\\n" + escaped(actor.note);
  return fmt::format("  {} [label=\"{}\", fillcolor=\"{}\"];\n", quoted(actor.name), label, colour_of(actor.state));
}

std::string edge(const ChannelSnapshot& channel, const ChannelReader& reader) {
  const auto label = fmt::format("{}\\n{:.0f}/s\\n{}", percent(reader.fill_ratio), channel.rate_messages_per_second,
                                 capacity_of(channel));
  return fmt::format("  {} -> {} [label=\"{}\", taillabel={}, headlabel={}];\n", quoted(channel.from_actor),
                     quoted(reader.actor), label, quoted(channel.from_port), quoted(reader.port));
}

}  // namespace

std::string render_dot(const Snapshot& snapshot) {
  std::string dot = fmt::format("digraph {} {{\n", quoted(snapshot.name));
  dot += "  rankdir=LR;\n";
  dot += "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n";
  dot += "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  for (const auto& actor : snapshot.actors) dot += node(actor);
  for (const auto& channel : snapshot.channels)
    for (const auto& reader : channel.readers) dot += edge(channel, reader);
  return dot + "}\n";
}

}  // namespace steady::observe
