// What a plugin says of itself, read from the JSON that `steadyd-worker --describe` prints in a process of its own.
// Plain values; parsing checks every field, for the process that printed it ran foreign code.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace steady::topology {

enum class Direction { Input, Output };

/// What flows through a port. `Any` exists on inputs only: it takes whatever its channel carries.
enum class Kind { Messages, Frames, Any };

/// One member of a described message. `type` is one of u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 bool char
/// (char with count > 1 is text, padded with zeros).
struct Field {
  std::string name;
  std::string type;
  std::uint32_t offset_bytes = 0;
  std::uint32_t count = 1;

  [[nodiscard]] bool operator==(const Field&) const = default;
};

/// The layout of a fixed-size message. No fields: the plugin did not describe it.
struct Message {
  std::string name;
  std::uint32_t size_bytes = 0;
  std::uint32_t align_bytes = 1;
  std::vector<Field> fields;
};

struct Port {
  std::string name;
  std::string help;
  Direction direction = Direction::Input;
  Kind kind = Kind::Messages;
  bool many = false;      ///< an input with any number of lanes
  bool optional = false;  ///< may stay unconnected
  Message message;        ///< meaningful when kind is Messages
};

/// `type` is one of integer, real, boolean, text, duration, size.
struct Parameter {
  std::string name;
  std::string type;
  std::string default_text;
  std::string help;
  bool required = false;
};

/// A counter or gauge of the actor's own; exported as steady_user_NAME with the actor as a label.
struct Metric {
  std::string name;
  std::string help;
  bool counter = true;
};

struct ActorType {
  std::string name;
  std::string help;
  std::vector<Port> ports;
  std::vector<Parameter> parameters;
  std::vector<Metric> metrics;
  std::uint64_t state_size_bytes = 0;
  std::uint32_t state_version = 0;
  bool state_durable = false;  ///< the type asks for `life: disk`

  [[nodiscard]] const Port* find_port(std::string_view port_name) const;
  [[nodiscard]] const Parameter* find_parameter(std::string_view parameter_name) const;
};

struct Description {
  std::string plugin;
  std::string version;
  std::vector<ActorType> types;

  [[nodiscard]] const ActorType* find_type(std::string_view type_name) const;
};

/// Errors: Invalid, saying which field of the JSON is missing or wrong.
[[nodiscard]] Result<Description> parse_description(std::string_view json);

/// The layout of a message as a description has it: {"name", "size", "align", "fields": [{"name", "type", "offset",
/// "count"}]}. Errors: Invalid, saying which member is missing or wrong.
[[nodiscard]] Result<Message> parse_message_layout(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const Message& message);

}  // namespace steady::topology
