// What people write, made into bytes: everything that show_message prints comes back, and what is wrong is named.
#include "topology/read_message.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "topology/show_message.hpp"

namespace steady::topology {
namespace {

const Message kNumber{"Number", 8, 8, {{"value", "u64", 0, 1}}};
const Message kMixed{"Mixed",
                     48,
                     8,
                     {{"small", "i8", 0, 1},
                      {"flag", "bool", 1, 1},
                      {"pair", "u16", 2, 2},
                      {"real", "f64", 8, 1},
                      {"single", "f32", 16, 1},
                      {"signed", "i64", 24, 1},
                      {"name", "char", 32, 12}}};

Result<std::string> read(const Message& message, std::string_view json) { return read_message(false, message, json); }
Result<std::string> read_frame(std::string_view json) { return read_message(true, {}, json); }

std::string shown(const Message& message, const std::string& bytes) {
  PlannedChannel channel;
  channel.message = message;
  return show_message(channel, bytes, bytes.size());
}

std::string complaint(const Result<std::string>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::Invalid);
  return result.error().message;
}

}  // namespace

TEST_SUITE("topology/read_message") {
  TEST_CASE("what is shown of a message reads back as its bytes") {
    for (const char* const json :
         {R"({"small":-128,"flag":true,"pair":[0,65535],"real":-0.1,"single":1.5,"signed":-9223372036854775808,"name":"x"})",
          R"({"small":127,"flag":false,"pair":[1,2],"real":1e+300,"single":0,"signed":9223372036854775807,"name":"twelve bytes"})"}) {
      const auto bytes = read(kMixed, json);
      REQUIRE_MESSAGE(bytes, bytes.error().message);
      CHECK(bytes->size() == 48);
      CHECK(shown(kMixed, *bytes) == json);
    }
    CHECK(shown(kNumber, *read(kNumber, R"({"value": 18446744073709551615})")) == R"({"value":18446744073709551615})");
  }

  TEST_CASE("null is a number that is none") {
    const Message real{"Real", 8, 8, {{"value", "f64", 0, 1}}};
    double value = 0;
    std::memcpy(&value, read(real, R"({"value":null})")->data(), 8);
    CHECK(std::isnan(value));
  }

  TEST_CASE("the bytes of a message can be given as they are") {
    CHECK(*read(kNumber, R"({"hex":"0100000000000000"})") == std::string("\x01\0\0\0\0\0\0\0", 8));
    CHECK(complaint(read(kNumber, R"({"hex":"01"})")).find("expected 8 bytes") != std::string::npos);
    CHECK(complaint(read(kNumber, R"({"hex":"0x"})")).find("hexadecimal") != std::string::npos);
    CHECK(complaint(read(kNumber, R"({"hex":7})")).find("hexadecimal") != std::string::npos);
    CHECK(complaint(read({"Raw", 4, 1, {}}, R"({"a":1})")).find("is not described") != std::string::npos);
  }

  TEST_CASE("frames are texts or bytes") {
    CHECK(*read_frame(R"("a line \u00e9")") == "a line \xc3\xa9");
    CHECK(*read_frame(R"({"hex":"00ff"})") == std::string("\0\xff", 2));
    CHECK(read_frame(R"("")")->empty());
    CHECK(complaint(read_frame("7")) == "expected a text or {\"hex\": \"...\"}, found 7");
    CHECK(complaint(read_frame(R"({"hex":"00","more":1})")).find("found an object") != std::string::npos);
  }

  TEST_CASE("what is wrong is named, with what would be right") {
    const auto flaw = [](const char* json) { return complaint(read(kMixed, json)); };
    CHECK(flaw("{") == "this is no JSON");
    CHECK(flaw("[]").find("expected an object with the fields of Mixed") == 0);
    CHECK(flaw(R"({"smal":1})").find("Mixed has no field 'smal'") == 0);
    CHECK(flaw(R"({"small":1})") == "the field 'flag' is missing");
    CHECK(flaw(R"({"small":1,"small":2})") == "the field 'small' stands twice");
    CHECK(flaw(R"({"small":128,"flag":true,"pair":[1,2],"real":1,"single":1,"signed":1,"name":""})") ==
          "field 'small': expected a whole number from -128 to 127, found 128");
    CHECK(flaw(R"({"small":1,"flag":1,"pair":[1,2],"real":1,"single":1,"signed":1,"name":""})") ==
          "field 'flag': expected true or false, found 1");
    CHECK(flaw(R"({"small":1,"flag":true,"pair":[1],"real":1,"single":1,"signed":1,"name":""})") ==
          "field 'pair': expected an array of 2, found an array of 1");
    CHECK(flaw(R"({"small":1,"flag":true,"pair":[1,-1],"real":1,"single":1,"signed":1,"name":""})") ==
          "field 'pair'[1]: expected a whole number from 0 to 65535, found -1");
    CHECK(flaw(R"({"small":1,"flag":true,"pair":[1,1],"real":"1","single":1,"signed":1,"name":""})") ==
          "field 'real': expected a number or null, found \"1\"");
    CHECK(flaw(R"({"small":1,"flag":true,"pair":[1,1],"real":1,"single":1e39,"signed":1,"name":""})").find("within f32") !=
          std::string::npos);
    CHECK(flaw(R"({"small":1,"flag":true,"pair":[1,1],"real":1,"single":1,"signed":1.0,"name":""})").find("found 1.0") !=
          std::string::npos);
    CHECK(flaw(R"({"small":1,"flag":true,"pair":[1,1],"real":1,"single":1,"signed":1,"name":"thirteen byte"})") ==
          "field 'name': expected a text of at most 12 bytes without NUL, found \"thirteen byte\"");
  }

  TEST_CASE("deep nesting is refused, not followed") {
    CHECK(complaint(read(kNumber, std::string(100000, '['))) == "this is no JSON");
    CHECK(complaint(read(kNumber, R"({"value":[[[[[[1]]]]]]})")) == "it is nested too deeply");
  }

  TEST_CASE("a layout reads back from its JSON, and a wrong one is refused") {
    const auto back = parse_message_layout(to_json(kMixed));
    REQUIRE(back);
    CHECK(back->fields == kMixed.fields);
    CHECK(back->size_bytes == 48);
    auto json = to_json(kMixed);
    json["fields"][0]["offset"] = 48;
    CHECK_FALSE(parse_message_layout(json));
  }
}

}  // namespace steady::topology
