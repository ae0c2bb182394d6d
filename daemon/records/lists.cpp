#include "records/lists.hpp"

#include <nlohmann/json.hpp>

namespace steady::records {
namespace {

using nlohmann::json;

json list_in(const std::string& column) {
  json list = json::parse(column, nullptr, false);
  return list.is_array() ? list : json::array();
}

template <class Value>
Value field(const json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  if (found == object.end()) return {};
  if constexpr (std::is_same_v<Value, std::string>) return found->is_string() ? found->get<Value>() : Value{};
  if constexpr (std::is_same_v<Value, bool>) return *found == true;
  return found->is_number_unsigned() ? found->get<Value>() : Value{};
}

}  // namespace

json list_json(const std::vector<StackFrame>& frames) {
  json list = json::array();
  for (const auto& frame : frames)
    list.push_back({{"address", frame.address},
                    {"function", frame.function},
                    {"file", frame.file},
                    {"line", frame.line},
                    {"module", frame.module}});
  return list;
}

json list_json(const std::vector<PortPosition>& ports) {
  json list = json::array();
  for (const auto& port : ports)
    list.push_back({{"port", port.port},
                    {"input", port.input},
                    {"channel", port.channel},
                    {"sequence", port.sequence},
                    {"waiting", port.waiting},
                    {"head", port.head}});
  return list;
}

std::string column_of(const json& list) { return list.dump(-1, ' ', false, json::error_handler_t::replace); }

std::vector<StackFrame> frames_in(const std::string& column) {
  std::vector<StackFrame> frames;
  for (const auto& item : list_in(column))
    frames.push_back({.address = field<std::uint64_t>(item, "address"),
                      .function = field<std::string>(item, "function"),
                      .file = field<std::string>(item, "file"),
                      .line = field<unsigned>(item, "line"),
                      .module = field<std::string>(item, "module")});
  return frames;
}

std::vector<std::string> lines_in(const std::string& column) {
  std::vector<std::string> lines;
  for (const auto& item : list_in(column))
    if (item.is_string()) lines.push_back(item.get<std::string>());
  return lines;
}

std::vector<PortPosition> ports_in(const std::string& column) {
  std::vector<PortPosition> ports;
  for (const auto& item : list_in(column))
    ports.push_back({.port = field<std::string>(item, "port"),
                     .input = field<bool>(item, "input"),
                     .channel = field<std::string>(item, "channel"),
                     .sequence = field<std::uint64_t>(item, "sequence"),
                     .waiting = field<std::uint64_t>(item, "waiting"),
                     .head = field<std::string>(item, "head")});
  return ports;
}

}  // namespace steady::records
