#include "records/print.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "records/utc.hpp"

namespace steady::records {
namespace {

/// A line at a depth of indentation, without anything that could leave it.
std::string line(std::size_t depth, std::string_view text) {
  std::string result(depth * 2, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // C2 80 to C2 9F are the control characters of the upper half.
    const bool upper = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (upper) ++i;
    result += upper || byte < ' ' || byte == 0x7f ? ' ' : text[i];
  }
  return result + '\n';
}

std::string header(const Incident& incident) {
  const auto time = utc_text(incident.at_unix_ns);
  std::string text = fmt::format("incident {}  {}  actor {}", incident.id, time, incident.actor);
  if (!incident.worker.empty() && incident.worker != incident.actor) text += " in worker " + incident.worker;
  text += fmt::format(", generation {}: {}", incident.generation, incident.cause);
  if (!incident.how.empty()) text += ", " + incident.how;
  return line(0, text);
}

/// "demo::Counter::step() at counter.cpp:42 (demo.so)", or as much of it as is known.
std::string call(const StackFrame& frame) {
  std::string text = frame.function.empty() ? fmt::format("{:#x}", frame.address) : frame.function;
  if (!frame.file.empty()) text += " at " + frame.file;
  if (!frame.file.empty() && frame.line > 0) text += fmt::format(":{}", frame.line);
  if (!frame.module.empty()) text += " (" + frame.module + ')';
  return text;
}

/// Code of steadyd or of its headers, not of the actor.
bool is_ours(const StackFrame& frame) {
  return frame.module == "steadyd-worker" || frame.file.find("/include/steady/") != std::string::npos;
}

/// How many of the outermost calls are the worker's own way into the actor: the same in every incident.
std::size_t way_in(const std::vector<StackFrame>& frames) {
  const auto entry = std::find_if(frames.rbegin(), frames.rend(), [](const StackFrame& frame) {
    return frame.module == "steadyd-worker" && frame.function.find("steady::worker::Actor::") != std::string::npos;
  });
  // From there inwards our frames go on until the actor's begin.
  auto inner = entry;
  while (inner != frames.rend() && is_ours(*inner)) ++inner;
  return entry == frames.rend() || inner == frames.rend() ? 0 : static_cast<std::size_t>(inner - frames.rbegin());
}

std::string backtrace(const std::vector<StackFrame>& frames) {
  if (frames.empty()) return "";
  std::string text = line(1, "backtrace:");
  const std::size_t hidden = way_in(frames);
  for (std::size_t index = 0; index + hidden < frames.size(); ++index)
    text += line(2, fmt::format("#{} {}", index, call(frames[index])));
  if (hidden != 0) text += line(2, fmt::format("and {} more: the worker's way into the actor", hidden));
  return text;
}

std::string position(const PortPosition& port) {
  std::string text = fmt::format("{} {}", port.input ? "input" : "output", port.port);
  if (!port.channel.empty()) text += " of " + port.channel;
  text += fmt::format(" at message {}, {} waiting", port.sequence, port.waiting);
  if (!port.head.empty()) text += ", next: " + port.head;
  return text;
}

std::string positions(const std::vector<PortPosition>& ports) {
  if (ports.empty()) return "";
  std::string text = line(1, "ports:");
  for (const auto& port : ports) text += line(2, position(port));
  return text;
}

std::string remark(const char* title, const std::string& text) {
  return text.empty() ? "" : line(1, std::string(title) + ": " + text);
}

std::string tail(const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = line(1, "stderr:");
  for (const auto& said : lines) text += line(2, said);
  return text;
}

}  // namespace

std::string print(const Incident& incident) {
  const auto fault = incident.fault_address ? fmt::format("{:#x}", *incident.fault_address) : "";
  return header(incident) + remark("fault address", fault) + backtrace(incident.backtrace) + positions(incident.ports) +
         remark("suspect", incident.suspect) + remark("decision", incident.decision) + tail(incident.stderr_tail);
}

}  // namespace steady::records
