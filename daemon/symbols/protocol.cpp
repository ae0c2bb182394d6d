#include "symbols/protocol.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace steady::symbols {
namespace {

using nlohmann::json;

std::string line_of(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

/// The elements of an array; the library would also walk over what is none.
std::vector<json> elements_of(const json& value) { return value.get<std::vector<json>>(); }

/// A number, or what people paste: "0x55d0c0de". Anything else is 0, which is in no module.
std::uint64_t parse_address(const json& value) {
  if (!value.is_string()) return value.get<std::uint64_t>();
  const auto& text = value.get_ref<const std::string&>();
  const std::size_t prefix = text.starts_with("0x") ? 2 : 0;
  std::uint64_t address = 0;
  std::from_chars(text.data() + prefix, text.data() + text.size(), address, 16);
  return address;
}

json frame_of(const records::StackFrame& frame) {
  return {{"address", frame.address},
          {"function", frame.function},
          {"file", frame.file},
          {"line", frame.line},
          {"module", frame.module}};
}

records::StackFrame parse_frame(const json& object) {
  records::StackFrame frame;
  frame.address = object.at("address").get<std::uint64_t>();
  frame.function = object.at("function").get<std::string>();
  frame.file = object.at("file").get<std::string>();
  frame.line = object.at("line").get<unsigned>();
  frame.module = object.at("module").get<std::string>();
  return frame;
}

}  // namespace

std::string print(const Request& request) {
  json files = json::array();
  for (const ModuleFile& file : request.files) files.push_back({{"name", file.name}, {"fd", file.fd}});
  return line_of({{"frames", request.frames}, {"maps", request.maps}, {"files", files}});
}

Result<Request> parse_request(std::string_view line) {
  try {
    const json object = json::parse(line);
    Request request;
    for (const json& frame : elements_of(object.at("frames"))) request.frames.push_back(parse_address(frame));
    request.maps = object.at("maps").get<std::string>();
    for (const json& file : elements_of(object.value("files", json::array())))
      request.files.push_back({file.at("name").get<std::string>(), file.at("fd").get<int>()});
    return request;
  } catch (const json::exception& error) {
    return fail(ErrorCode::Invalid, error.what());
  }
}

std::string print(const std::vector<records::StackFrame>& frames) {
  json printed = json::array();
  for (const records::StackFrame& frame : frames) printed.push_back(frame_of(frame));
  return line_of({{"frames", printed}});
}

Result<std::vector<records::StackFrame>> parse_answer(std::string_view line) {
  try {
    const json object = json::parse(line);
    std::vector<records::StackFrame> frames;
    for (const json& frame : elements_of(object.at("frames"))) frames.push_back(parse_frame(frame));
    return frames;
  } catch (const json::exception& error) {
    return fail(ErrorCode::Invalid, error.what());
  }
}

}  // namespace steady::symbols
