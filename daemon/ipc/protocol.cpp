#include "ipc/protocol.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace steady::ipc {

using nlohmann::json;

// The bodies are the library's; argument-dependent look-up wants them beside the types.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MessageLayout::Field, name, type, offset, count)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MessageLayout, name, size, align, fields)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InputPlan, port, channel, producer, ring_fd, reader_fd, bell_fd, min, max,
                                   max_wait_ns, message)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OutputPlan::Reader, actor, page_fd, bell_fd)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OutputPlan, port, channel, ring_fd, readers)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ActorPlan, name, plugin, type, wait, generation, reopen, plugin_fd, segment_fd,
                                   old_segment_fd, bell_fd, params, inputs, outputs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WorkerPlan, worker, fence, actors)

namespace {

constexpr std::array<std::string_view, 6> kEventNames{"ready", "log", "failed", "violation", "migrated", "repaired"};

/// One line: text of plugins need not be UTF-8, so what is not is replaced.
std::string line_of(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

/// Runs `read` on the parsed line; whatever the library throws becomes an Error.
template <class Read>
auto parse_line(std::string_view line, const Read& read) -> Result<decltype(read(json{}))> {
  try {
    return read(json::parse(line));
  } catch (const json::exception& error) {
    return fail(ErrorCode::Invalid, error.what());
  }
}

}  // namespace

std::string print(const WorkerPlan& plan) { return line_of(plan); }

Result<WorkerPlan> parse_worker_plan(std::string_view line) {
  return parse_line(line, [](const json& object) { return object.get<WorkerPlan>(); });
}

std::string print(Command command) {
  return line_of({{"command", command == Command::Drain ? "drain" : "stop"}});
}

Result<Command> parse_command(std::string_view line) {
  const auto name = parse_line(line, [](const json& object) { return object.at("command").get<std::string>(); });
  if (!name) return tl::unexpected(name.error());
  if (*name == "drain") return Command::Drain;
  if (*name == "stop") return Command::Stop;
  return fail(ErrorCode::Invalid, "unknown command '" + *name + "'");
}

std::string print(const Event& event) {
  json object{{"event", kEventNames[static_cast<std::size_t>(event.kind)]}};
  const auto put = [&](const char* key, const std::string& text) {
    if (!text.empty()) object[key] = text;
  };
  put("actor", event.actor);
  put("level", event.level);
  put("text", event.text);
  put("peer", event.peer);
  put("channel", event.channel);
  return line_of(object);
}

Result<Event> parse_event(std::string_view line) {
  Event event;
  const auto name = parse_line(line, [&](const json& object) {
    event.actor = object.value("actor", "");
    event.level = object.value("level", "");
    event.text = object.value("text", "");
    event.peer = object.value("peer", "");
    event.channel = object.value("channel", "");
    return object.at("event").get<std::string>();
  });
  if (!name) return tl::unexpected(name.error());
  for (std::size_t i = 0; i < kEventNames.size(); ++i) {
    if (kEventNames[i] != *name) continue;
    event.kind = static_cast<Event::Kind>(i);
    return event;
  }
  return fail(ErrorCode::Invalid, "unknown event '" + *name + "'");
}

}  // namespace steady::ipc
