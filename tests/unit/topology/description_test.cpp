#include "topology/description.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace steady::topology {
namespace {

using nlohmann::json;

json number_port() {
  return json::parse(
      R"({"name":"numbers","direction":"output","kind":"messages","many":false,"optional":false,"help":"",
    "message":{"name":"Number","size":16,"align":8,"fields":[{"name":"value","type":"u64","offset":0,"count":1},
                                                            {"name":"text","type":"char","offset":8,"count":8}]}})");
}

/// What a well-behaved plugin says; the tests spoil one place each.
json demo() {
  json type = json::parse(R"({"name":"generator","help":"Counts.","ports":[],
    "parameters":[{"name":"crash_after","type":"duration","default":"0s","help":"When.","required":false}],
    "metrics":[{"name":"gaps","kind":"counter","help":"Gaps."}],
    "state":{"size":24,"version":1,"durable":true}})");
  type["ports"].push_back(number_port());
  type["ports"].push_back(
      {{"name", "in"}, {"direction", "input"}, {"kind", "any"}, {"many", true}, {"optional", true}});
  return {{"plugin", "demo"}, {"version", "1.0"}, {"types", json::array({type})}};
}

/// The error that `value` at `pointer` causes, or "none".
std::string error_with(const std::string& pointer, const json& value) {
  json changed = demo();
  changed[json::json_pointer(pointer)] = value;
  const auto parsed = parse_description(changed.dump());
  return parsed ? "none" : parsed.error().message;
}

std::string error_without(const std::string& parent, const std::string& key) {
  json changed = demo();
  changed[json::json_pointer(parent)].erase(key);
  const auto parsed = parse_description(changed.dump());
  return parsed ? "none" : parsed.error().message;
}

std::string error_of(const std::string& text) {
  const auto parsed = parse_description(text);
  return parsed ? "none" : parsed.error().message;
}

json repeated(const json& element, std::size_t count) {
  json list = json::array();
  for (std::size_t i = 0; i < count; ++i) {
    list.push_back(element);
    list.back()["name"] = "n" + std::to_string(i);
  }
  return list;
}

}  // namespace

TEST_SUITE("topology/description") {
  TEST_CASE("every field that a plugin prints is read") {
    const auto parsed = parse_description(demo().dump());
    REQUIRE_MESSAGE(parsed.has_value(), parsed.error().message);
    CHECK(parsed->plugin == "demo");
    CHECK(parsed->version == "1.0");
    const ActorType* const type = parsed->find_type("generator");
    REQUIRE(type != nullptr);
    CHECK(parsed->find_type("other") == nullptr);
    CHECK(type->help == "Counts.");
    const Port* const port = type->find_port("numbers");
    REQUIRE(port != nullptr);
    CHECK(type->find_port("other") == nullptr);
    CHECK(port->direction == Direction::Output);
    CHECK(port->kind == Kind::Messages);
    CHECK_FALSE(port->many);
    CHECK_FALSE(port->optional);
    CHECK(port->message.name == "Number");
    CHECK(port->message.size_bytes == 16);
    CHECK(port->message.align_bytes == 8);
    REQUIRE(port->message.fields.size() == 2);
    CHECK(port->message.fields[1] == Field{"text", "char", 8, 8});
    CHECK(type->find_port("in")->kind == Kind::Any);
    CHECK(type->find_port("in")->many);
    CHECK(type->find_port("in")->optional);
    const Parameter* const parameter = type->find_parameter("crash_after");
    REQUIRE(parameter != nullptr);
    CHECK(type->find_parameter("other") == nullptr);
    CHECK(parameter->type == "duration");
    CHECK(parameter->default_text == "0s");
    CHECK(parameter->help == "When.");
    CHECK_FALSE(parameter->required);
    REQUIRE(type->metrics.size() == 1);
    CHECK(type->metrics[0].name == "gaps");
    CHECK(type->metrics[0].counter);
    CHECK(type->state_size_bytes == 24);
    CHECK(type->state_version == 1);
    CHECK(type->state_durable);
  }

  TEST_CASE("what is no JSON object is refused") {
    CHECK(error_of("").starts_with("the description is not JSON: "));
    CHECK(error_of("{").starts_with("the description is not JSON: "));
    CHECK(error_of("{} x").starts_with("the description is not JSON: "));
    CHECK(error_of("\xff\xfe").starts_with("the description is not JSON: "));
    CHECK(error_of("[]") == "the description is no JSON object");
    CHECK(error_of("null") == "the description is no JSON object");
    CHECK(error_of("{}") == "plugin: expected a text, found nothing");
  }

  TEST_CASE("a description that is nested without end is refused") {
    const std::string deep(100'000, '[');
    CHECK_FALSE(parse_description(deep).has_value());
    CHECK(error_of(R"({"plugin":)" + deep + std::string(100'000, ']') + "}") == "the description is nested too deeply");
  }

  TEST_CASE("each wrong field is named with what was expected") {
    struct Case {
      std::string pointer;
      json value;
      std::string error;
    };
    const std::string type = "/types/0", port = "/types/0/ports/0", message = port + "/message";
    const std::vector<Case> cases{
        {"/plugin", 5, "plugin: expected a text, found number"},
        {"/plugin", "", "plugin: expected a text, found an empty one"},
        {"/plugin", std::string(256, 'x'), "plugin: expected a text of at most 255 bytes, found 256"},
        {"/version", json::array(), "version: expected a text, found array"},
        {"/types", json::array(), "types: expected at least one actor type, found none"},
        {"/types", "none", "types: expected a list, found string"},
        {type, 5, "types[0]: expected an object, found number"},
        {type + "/name", "a b", "types[0].name: expected a name, found 'a b'"},
        {type + "/name", "", "types[0].name: expected a name, found string"},
        {type + "/help", std::string(4097, 'x'), "types[0].help: expected a text of at most 4096 bytes, found 4097"},
        {type + "/state", 1, "types[0].state: expected an object, found number"},
        {type + "/state/size", -1, "types[0].state.size: expected a whole number from 0 to 1073741824, found -1"},
        {type + "/state/size", 1.5, "types[0].state.size: expected a whole number from 0 to 1073741824, found 1.5"},
        {type + "/state/size", (1ULL << 30) + 1,
         "types[0].state.size: expected a whole number from 0 to 1073741824, found 1073741825"},
        {type + "/state/version", 1ULL << 32,
         "types[0].state.version: expected a whole number from 0 to 4294967295, found 4294967296"},
        {type + "/state/durable", 1, "types[0].state.durable: expected true or false, found number"},
        {port + "/name", "a.b", "types[0].ports[0].name: expected a name, found 'a.b'"},
        {port + "/name", "in", "types[0].ports[1].name: the name 'in' stands twice"},
        {port + "/direction", "both", "types[0].ports[0].direction: expected one of input, output, found 'both'"},
        {port + "/kind", "bytes", "types[0].ports[0].kind: expected one of messages, frames, any, found 'bytes'"},
        {port + "/kind", "any", "types[0].ports[0].kind: an output cannot be of any kind"},
        {port + "/many", true, "types[0].ports[0].many: an output feeds one channel"},
        {port + "/many", "yes", "types[0].ports[0].many: expected true or false, found string"},
        {port + "/optional", 0, "types[0].ports[0].optional: expected true or false, found number"},
        {message, nullptr, "types[0].ports[0].message: expected an object, found nothing"},
        {message + "/name", "", "types[0].ports[0].message.name: expected a text, found an empty one"},
        {message + "/size", 0, "types[0].ports[0].message.size: expected a whole number from 1 to 1048576, found 0"},
        {message + "/size", (1U << 20) + 8,
         "types[0].ports[0].message.size: expected a whole number from 1 to 1048576, found 1048584"},
        {message + "/size", 17, "types[0].ports[0].message.size: expected a multiple of the alignment of 8"},
        {message + "/align", 0, "types[0].ports[0].message.align: expected a whole number from 1 to 64, found 0"},
        {message + "/align", 3, "types[0].ports[0].message.align: expected a power of two"},
        {message + "/align", 128, "types[0].ports[0].message.align: expected a whole number from 1 to 64, found 128"},
        {message + "/fields/0/name", "text", "types[0].ports[0].message.fields[1].name: the name 'text' stands twice"},
        {message + "/fields/0/name", "1", "types[0].ports[0].message.fields[0].name: expected a name, found '1'"},
        {message + "/fields/0/type", "u128",
         "types[0].ports[0].message.fields[0].type: expected a field type such as u64, f32 or char, found 'u128'"},
        {message + "/fields/0/offset", 9,
         "types[0].ports[0].message.fields[0]: the field ends at byte 17 of a message of 16 bytes"},
        {message + "/fields/0/offset", -1,
         "types[0].ports[0].message.fields[0].offset: expected a whole number from 0 to 1048576, found -1"},
        {message + "/fields/0/count", 0,
         "types[0].ports[0].message.fields[0].count: expected a whole number from 1 to 1048576, found 0"},
        {message + "/fields/1/count", 9,
         "types[0].ports[0].message.fields[1]: the field ends at byte 17 of a message of 16 bytes"},
        {type + "/parameters/0/name", "", "types[0].parameters[0].name: expected a name, found string"},
        {type + "/parameters/0/type", "list",
         "types[0].parameters[0].type: expected one of integer, real, boolean, text, duration, size, found 'list'"},
        {type + "/parameters/0/default", "soon",
         "types[0].parameters[0].default: expected a duration such as 20ms or 1.5s, found 'soon'"},
        {type + "/parameters/0/required", "yes",
         "types[0].parameters[0].required: expected true or false, found string"},
        {type + "/metrics/0/name", "a-b", "types[0].metrics[0].name: a metric's name cannot hold a '-'"},
        {type + "/metrics/0/kind", "summary",
         "types[0].metrics[0].kind: expected one of counter, gauge, found 'summary'"},
    };
    for (const Case& one : cases) {
      INFO(one.pointer << " = " << one.value.dump());
      CHECK(error_with(one.pointer, one.value) == one.error);
    }
  }

  TEST_CASE("what must be there is missed") {
    CHECK(error_without("", "plugin") == "plugin: expected a text, found nothing");
    CHECK(error_without("", "types") == "types: expected at least one actor type, found none");
    CHECK(error_without("/types/0", "name") == "types[0].name: expected a name, found nothing");
    CHECK(error_without("/types/0", "state") == "types[0].state: expected an object, found nothing");
    CHECK(error_without("/types/0/ports/0", "message") ==
          "types[0].ports[0].message: expected an object, found nothing");
    CHECK(error_without("/types/0/ports/0", "kind") ==
          "types[0].ports[0].kind: expected one of messages, frames, any, found ''");
  }

  TEST_CASE("texts and lists that say nothing may be left out") {
    CHECK(error_without("", "version") == "none");
    for (const std::string key : {"help", "ports", "parameters", "metrics"})
      CHECK(error_without("/types/0", key) == "none");
    for (const std::string key : {"help", "many", "optional"}) CHECK(error_without("/types/0/ports/0", key) == "none");
    CHECK(error_without("/types/0/ports/0/message", "fields") == "none");
  }

  TEST_CASE("counts are bounded") {
    const json type = demo()["types"][0];
    CHECK(error_with("/types", repeated(type, 64)) == "none");
    CHECK(error_with("/types", repeated(type, 65)) == "types: expected at most 64 entries, found 65");
    CHECK(error_with("/types/0/ports", repeated(number_port(), 256)) == "none");
    CHECK(error_with("/types/0/ports", repeated(number_port(), 257)) ==
          "types[0].ports: expected at most 256 entries, found 257");
    const json& parameter = type["parameters"][0];
    CHECK(error_with("/types/0/parameters", repeated(parameter, 256)) == "none");
    CHECK(error_with("/types/0/parameters", repeated(parameter, 257)) ==
          "types[0].parameters: expected at most 256 entries, found 257");
    CHECK(error_with("/types/0/metrics", repeated(type["metrics"][0], 257)) ==
          "types[0].metrics: expected at most 256 entries, found 257");
    const json field = number_port()["message"]["fields"][0];
    CHECK(error_with("/types/0/ports/0/message/fields", repeated(field, 1025)) ==
          "types[0].ports[0].message.fields: expected at most 1024 entries, found 1025");
  }

  TEST_CASE("a required parameter's default is not looked at") {
    json changed = demo();
    json& parameter = changed["types"][0]["parameters"][0];
    parameter["required"] = true;
    parameter["default"] = "anything";
    CHECK(error_of(changed.dump()) == "none");
  }

  TEST_CASE("control characters in a help text become blanks") {
    json changed = demo();
    changed["types"][0]["help"] = "two\nlines\x1b";
    const auto parsed = parse_description(changed.dump());
    REQUIRE(parsed.has_value());
    CHECK(parsed->types[0].help == "two lines ");
  }

  TEST_CASE("every prefix of a description is answered without a crash") {
    const std::string text = demo().dump();
    for (std::size_t length = 0; length < text.size(); ++length)
      CHECK_FALSE(parse_description(std::string_view(text).substr(0, length)).has_value());
  }
}

}  // namespace steady::topology
