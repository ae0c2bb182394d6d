#include "worker/describe.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace steady::worker {
namespace {

using nlohmann::json;

constexpr std::array kFieldTypes{"u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64", "bool", "char"};
constexpr std::array kKinds{"messages", "frames", "any"};
constexpr std::array kParameterTypes{"integer", "real", "boolean", "text", "duration", "size"};

/// The plugin's number as a word; "?" for what the reader will refuse.
template <std::size_t N>
const char* word(const std::array<const char*, N>& words, std::uint32_t index) {
  return index < N ? words[index] : "?";
}

const char* text(const char* value) { return value == nullptr ? "" : value; }

json describe(const steady_message& message) {
  json fields = json::array();
  for (std::uint32_t i = 0; i < message.field_count; ++i) {
    const steady_field& field = message.fields[i];
    fields.push_back({{"name", text(field.name)},
                      {"type", word(kFieldTypes, field.type)},
                      {"offset", field.offset},
                      {"count", field.count}});
  }
  return {{"name", text(message.name)}, {"size", message.size}, {"align", message.align}, {"fields", fields}};
}

json describe(const steady_port& port) {
  json described{{"name", text(port.name)},
                 {"help", text(port.help)},
                 {"direction", port.direction == STEADY_INPUT ? "input" : "output"},
                 {"kind", word(kKinds, port.kind)},
                 {"many", (port.flags & STEADY_PORT_MANY) != 0},
                 {"optional", (port.flags & STEADY_PORT_OPTIONAL) != 0}};
  if (port.kind == STEADY_MESSAGES) described["message"] = describe(port.message);
  return described;
}

json describe(const steady_parameter& parameter) {
  return {{"name", text(parameter.name)},
          {"type", word(kParameterTypes, parameter.type)},
          {"default", text(parameter.default_text)},
          {"help", text(parameter.help)},
          {"required", parameter.required != 0}};
}

json describe(const steady_metric& metric) {
  return {{"name", text(metric.name)},
          {"kind", metric.is_counter != 0 ? "counter" : "gauge"},
          {"help", text(metric.help)}};
}

template <class Item>
json describe_all(const Item* items, std::uint32_t count) {
  json described = json::array();
  for (std::uint32_t i = 0; i < count; ++i) described.push_back(describe(items[i]));
  return described;
}

json describe(const steady_actor_type& type) {
  return {{"name", text(type.name)},
          {"help", text(type.help)},
          {"ports", describe_all(type.ports, type.port_count)},
          {"parameters", describe_all(type.parameters, type.parameter_count)},
          {"metrics", describe_all(type.metrics, type.metric_count)},
          {"state",
           {{"size", type.state_size},
            {"version", type.state_version},
            {"durable", (type.state_flags & STEADY_STATE_DURABLE) != 0}}}};
}

}  // namespace

std::string describe(const steady_plugin_info& plugin) {
  json types = json::array();
  for (std::uint32_t i = 0; i < plugin.type_count; ++i) types.push_back(describe(*plugin.types[i]));
  const json described{{"plugin", text(plugin.name)},
                       {"version", text(plugin.version)},
                       {"abi", plugin.abi_version},
                       {"types", types}};
  return described.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace steady::worker
