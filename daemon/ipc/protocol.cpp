#include "ipc/protocol.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

/// What is absent is null.
template <class Value>
struct nlohmann::adl_serializer<std::optional<Value>> {
  static void to_json(json& object, const std::optional<Value>& value) { object = value ? json(*value) : json(); }
  static void from_json(const json& object, std::optional<Value>& value) {
    value = object.is_null() ? std::nullopt : std::optional(object.get<Value>());
  }
};

namespace steady::ipc {

using nlohmann::json;

// The bodies are the library's; argument-dependent look-up wants them beside the types.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MessageLayout::Field, name, type, offset, count)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MessageLayout, name, size, align, fields)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Replay, ticket, channel, payload_hex)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Tuning, channel, port, min, max, max_wait_ns, window_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RingMemory, numa, lock, huge_pages)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InputPlan, port, channel, producer, ring_fd, reader_fd, bell_fd, min, max, max_wait_ns,
                                   window_bytes, skip, message, memory)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OutputPlan::Reader, actor, page_fd, bell_fd)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OutputPlan, port, channel, ring_fd, window_bytes, readers, memory)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ActorPlan, name, plugin, type, wait, thread, generation, careful, reopen, plugin_fd,
                                   segment_fd, old_segment_fd, bell_fd, params, inputs, outputs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WorkerPlacement, cpus, nice, policy, priority, numa, lock_memory)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WorkerPlan, worker, fence, sampling, crash_fd, standby, placement, actors)

namespace {

constexpr std::array<std::string_view, 9> kEventNames{"prepared", "ready",    "log",     "failed",  "violation",
                                                      "migrated", "repaired", "skipped", "replayed"};
constexpr std::array<std::string_view, 4> kCommandNames{"drain", "stop", "replay", "tune"};

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

std::string print_takeover(const WorkerPlan& plan) {
  json actors = json::array();
  for (const ActorPlan& actor : plan.actors) {
    json inputs = json::array();
    for (const InputPlan& input : actor.inputs)
      inputs.push_back({{"skip", input.skip},
                        {"min", input.min},
                        {"max", input.max},
                        {"max_wait_ns", input.max_wait_ns},
                        {"window_bytes", input.window_bytes}});
    json windows = json::array();
    for (const OutputPlan& output : actor.outputs) windows.push_back(output.window_bytes);
    actors.push_back({{"generation", actor.generation},
                      {"careful", actor.careful},
                      {"reopen", actor.reopen},
                      {"inputs", std::move(inputs)},
                      {"windows", std::move(windows)}});
  }
  return line_of(actors);
}

Status take_over(WorkerPlan& plan, std::string_view line) {
  const auto taken = parse_line(line, [&](const json& actors) {
    if (actors.size() != plan.actors.size()) return false;
    for (std::size_t i = 0; i < plan.actors.size(); ++i) {
      ActorPlan& actor = plan.actors[i];
      const json& inputs = actors[i].at("inputs");
      const json& windows = actors[i].at("windows");
      if (inputs.size() != actor.inputs.size() || windows.size() != actor.outputs.size()) return false;
      actors[i].at("generation").get_to(actor.generation);
      actors[i].at("careful").get_to(actor.careful);
      actors[i].at("reopen").get_to(actor.reopen);
      for (std::size_t k = 0; k < actor.inputs.size(); ++k) {
        InputPlan& input = actor.inputs[k];
        inputs[k].at("skip").get_to(input.skip);
        inputs[k].at("min").get_to(input.min);
        inputs[k].at("max").get_to(input.max);
        inputs[k].at("max_wait_ns").get_to(input.max_wait_ns);
        inputs[k].at("window_bytes").get_to(input.window_bytes);
      }
      for (std::size_t k = 0; k < actor.outputs.size(); ++k) windows[k].get_to(actor.outputs[k].window_bytes);
    }
    return true;
  });
  if (!taken) return tl::unexpected(taken.error());
  if (!*taken) return fail(ErrorCode::Invalid, "the takeover is of another plan");
  return {};
}

std::string print(const Command& command) {
  json object{{"command", kCommandNames[static_cast<std::size_t>(command.kind)]}};
  if (command.kind == Command::Kind::Replay) {
    object["actor"] = command.actor;
    object["replay"] = command.replay;
  }
  if (command.kind == Command::Kind::Tune) {
    object["actor"] = command.actor;
    object["tuning"] = command.tuning;
  }
  return line_of(object);
}

Result<Command> parse_command(std::string_view line) {
  Command command;
  const auto name = parse_line(line, [&](const json& object) {
    command.actor = object.value("actor", "");
    command.replay = object.value("replay", Replay());
    command.tuning = object.value("tuning", Tuning());
    return object.at("command").get<std::string>();
  });
  if (!name) return tl::unexpected(name.error());
  const auto known = std::find(kCommandNames.begin(), kCommandNames.end(), *name);
  if (known == kCommandNames.end()) return fail(ErrorCode::Invalid, "unknown command '" + *name + "'");
  command.kind = static_cast<Command::Kind>(known - kCommandNames.begin());
  return command;
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
  if (event.number != 0) object["number"] = event.number;
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
    event.number = object.value("number", std::uint64_t{0});
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
