#include "topology/description.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "config/names.hpp"
#include "topology/describe_json.hpp"
#include "topology/message.hpp"
#include "topology/parameter.hpp"

namespace steady::topology {
namespace {

constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kLongestName = 255;  // of a message: a C++ type's name, not an identifier of the configuration
constexpr std::size_t kMostTypes = 64;
constexpr std::size_t kMostPorts = 256;
constexpr std::size_t kMostParameters = 256;
constexpr std::size_t kMostMetrics = 256;
constexpr std::size_t kMostFields = 1024;
constexpr std::uint64_t kLargestMessage = 1ULL << 20;
constexpr std::uint64_t kLargestAlignment = 64;
constexpr std::uint64_t kLargestState = 1ULL << 30;
constexpr std::uint64_t kLargest32 = 0xFFFF'FFFF;

/// Reads each element of a list with `read` and checks that no two share a name.
template <class T, class Read>
std::vector<T> read_named(const JsonValue& list, std::size_t most, Read read) {
  std::vector<T> out;
  const std::size_t count = list.optional_list(most);
  for (std::size_t i = 0; i < count && !list.failed(); ++i) {
    T element = read(list.at(i));
    if (std::ranges::find(out, element.name, &T::name) != out.end())
      list.at(i)["name"].fail("the name " + config::quote(element.name) + " stands twice");
    out.push_back(std::move(element));
  }
  return out;
}

template <class T>
T read_choice(const JsonValue& json, std::initializer_list<std::pair<const char*, T>> table) {
  const std::string text = json.optional_text(kLongestText);
  std::string expected;
  for (const auto& [name, value] : table) {
    if (text == name) return value;
    expected += (expected.empty() ? "" : ", ") + std::string(name);
  }
  json.fail("expected one of " + expected + ", found " + config::quote(text));
  return table.begin()->second;
}

Field read_field(const JsonValue& json, std::uint64_t message_size) {
  Field field;
  field.name = json["name"].name();
  field.type = json["type"].text(kLongestName);
  const std::uint64_t size = size_of_field_type(field.type);
  if (size == 0)
    json["type"].fail("expected a field type such as u64, f32 or char, found " + config::quote(field.type));
  field.offset_bytes = static_cast<std::uint32_t>(json["offset"].integer(0, kLargestMessage));
  field.count = static_cast<std::uint32_t>(json["count"].optional_integer(1, kLargestMessage, 1));
  const std::uint64_t end = field.offset_bytes + size * field.count;
  if (end > message_size)
    json.fail("the field ends at byte " + std::to_string(end) + " of a message of " + std::to_string(message_size) +
              " bytes");
  return field;
}

Message read_message(const JsonValue& json) {
  Message message;
  message.name = json["name"].text(kLongestName);
  message.size_bytes = static_cast<std::uint32_t>(json["size"].integer(1, kLargestMessage));
  message.align_bytes = static_cast<std::uint32_t>(json["align"].optional_integer(1, kLargestAlignment, 1));
  if (!std::has_single_bit(message.align_bytes)) json["align"].fail("expected a power of two");
  if (message.size_bytes % message.align_bytes != 0)
    json["size"].fail("expected a multiple of the alignment of " + std::to_string(message.align_bytes));
  message.fields = read_named<Field>(json["fields"], kMostFields,
                                     [&](const JsonValue& at) { return read_field(at, message.size_bytes); });
  return message;
}

Port read_port(const JsonValue& json) {
  Port port;
  port.name = json["name"].name();
  port.help = json["help"].optional_text(kLongestText);
  port.direction =
      read_choice<Direction>(json["direction"], {{"input", Direction::Input}, {"output", Direction::Output}});
  port.kind =
      read_choice<Kind>(json["kind"], {{"messages", Kind::Messages}, {"frames", Kind::Frames}, {"any", Kind::Any}});
  port.many = json["many"].optional_flag();
  port.optional = json["optional"].optional_flag();
  if (port.kind == Kind::Messages) port.message = read_message(json["message"]);
  if (port.kind == Kind::Any && port.direction == Direction::Output)
    json["kind"].fail("an output cannot be of any kind");
  if (port.many && port.direction == Direction::Output) json["many"].fail("an output feeds one channel");
  return port;
}

Parameter read_parameter(const JsonValue& json) {
  Parameter parameter;
  parameter.name = json["name"].name();
  parameter.type = json["type"].text(kLongestName);
  parameter.default_text = json["default"].optional_text(kLongestText);
  parameter.help = json["help"].optional_text(kLongestText);
  parameter.required = json["required"].optional_flag();
  if (!is_parameter_type(parameter.type))
    json["type"].fail("expected one of integer, real, boolean, text, duration, size, found " +
                      config::quote(parameter.type));
  const bool has_default = !parameter.required && !parameter.default_text.empty();
  if (json.failed() || !has_default) return parameter;
  if (const Status status = check_parameter(parameter.type, parameter.default_text); !status)
    json["default"].fail(status.error().message);
  return parameter;
}

/// Becomes part of a Prometheus name, where a hyphen has no place.
Metric read_metric(const JsonValue& json) {
  Metric metric;
  metric.name = json["name"].name();
  if (metric.name.find('-') != std::string::npos) json["name"].fail("a metric's name cannot hold a '-'");
  metric.help = json["help"].optional_text(kLongestText);
  metric.counter = read_choice<bool>(json["kind"], {{"counter", true}, {"gauge", false}});
  return metric;
}

ActorType read_type(const JsonValue& json) {
  ActorType type;
  type.name = json["name"].name();
  type.help = json["help"].optional_text(kLongestText);
  type.ports = read_named<Port>(json["ports"], kMostPorts, read_port);
  type.parameters = read_named<Parameter>(json["parameters"], kMostParameters, read_parameter);
  type.metrics = read_named<Metric>(json["metrics"], kMostMetrics, read_metric);
  const JsonValue state = json["state"];
  type.state_size_bytes = state["size"].integer(0, kLargestState);
  type.state_version = static_cast<std::uint32_t>(state["version"].optional_integer(0, kLargest32, 0));
  type.state_durable = state["durable"].optional_flag();
  return type;
}

Description read_description(const JsonValue& json) {
  Description description;
  description.plugin = json["plugin"].text(kLongestName);
  description.version = json["version"].optional_text(kLongestName);
  description.types = read_named<ActorType>(json["types"], kMostTypes, read_type);
  if (description.types.empty()) json["types"].fail("expected at least one actor type, found none");
  return description;
}

/// Deeper than any description; refused while parsing, before it costs memory.
constexpr int kDeepest = 16;

nlohmann::json parse_shallow(std::string_view text) {
  bool too_deep = false;
  const auto limit = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep = too_deep || depth > kDeepest;
    return !too_deep;
  };
  auto json = nlohmann::json::parse(text, limit);
  return too_deep ? nlohmann::json(nlohmann::json::value_t::discarded) : json;
}

}  // namespace

Result<Description> parse_description(std::string_view json) {
  try {
    const nlohmann::json document = parse_shallow(json);
    if (document.is_discarded()) return fail(ErrorCode::Invalid, "the description is nested too deeply");
    if (!document.is_object()) return fail(ErrorCode::Invalid, "the description is no JSON object");
    JsonError error;
    Description description = read_description(JsonValue(document, "", error));
    if (error.is_set()) return fail(ErrorCode::Invalid, error.text());
    return description;
  } catch (const std::exception& error) {
    return fail(ErrorCode::Invalid, std::string("the description is not JSON: ") + error.what());
  }
}

Result<Message> parse_message_layout(const nlohmann::json& json) {
  JsonError error;
  Message message = read_message(JsonValue(json, "", error));
  if (error.is_set()) return fail(ErrorCode::Invalid, error.text());
  return message;
}

nlohmann::json to_json(const Message& message) {
  nlohmann::json fields = nlohmann::json::array();
  for (const Field& field : message.fields)
    fields.push_back(
        {{"name", field.name}, {"type", field.type}, {"offset", field.offset_bytes}, {"count", field.count}});
  return {{"name", message.name}, {"size", message.size_bytes}, {"align", message.align_bytes}, {"fields", fields}};
}

const Port* ActorType::find_port(std::string_view port_name) const {
  const auto found = std::ranges::find(ports, port_name, &Port::name);
  return found == ports.end() ? nullptr : &*found;
}

const Parameter* ActorType::find_parameter(std::string_view parameter_name) const {
  const auto found = std::ranges::find(parameters, parameter_name, &Parameter::name);
  return found == parameters.end() ? nullptr : &*found;
}

const ActorType* Description::find_type(std::string_view type_name) const {
  const auto found = std::ranges::find(types, type_name, &ActorType::name);
  return found == types.end() ? nullptr : &*found;
}

}  // namespace steady::topology
