#include "topology/show_message.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

namespace steady::topology {
namespace {

PlannedChannel frames() {
  PlannedChannel channel;
  channel.known = true;
  channel.frames = true;
  return channel;
}

PlannedChannel messages(std::vector<Field> fields, std::uint32_t size) {
  PlannedChannel channel;
  channel.known = true;
  channel.message.name = "Reading";
  channel.message.size_bytes = size;
  channel.message.align_bytes = 8;
  channel.message.fields = std::move(fields);
  return channel;
}

Field field(const std::string& name, const std::string& type, std::uint32_t offset, std::uint32_t count = 1) {
  Field made;
  made.name = name;
  made.type = type;
  made.offset_bytes = offset;
  made.count = count;
  return made;
}

std::string frame(std::string_view bytes) { return show_message(frames(), bytes, bytes.size()); }

/// 8 bytes of a number and 8 of text.
PlannedChannel reading() { return messages({field("value", "u64", 0), field("name", "char", 8, 8)}, 16); }

std::string reading_bytes() {
  std::string bytes(16, '\0');
  const std::uint64_t value = 41;
  std::memcpy(bytes.data(), &value, sizeof value);
  std::memcpy(bytes.data() + 8, "one", 3);
  return bytes;
}

}  // namespace

TEST_SUITE("topology/show_message") {
  TEST_CASE("a frame that is no text shows as hexadecimal digits") {
    CHECK(frame("\xff\x01") == R"({"hex":"ff01"})");
    CHECK(frame(std::string_view("a\0b", 3)) == R"({"hex":"610062"})");
    CHECK(frame("line\nline") == R"({"hex":"6c696e650a6c696e65"})");
    CHECK(frame("\xc3") == R"({"hex":"c3"})");
    CHECK(frame("\xed\xa0\x80") == R"({"hex":"eda080"})");
  }

  TEST_CASE("a frame that is text is a string, with what JSON wants escaped") {
    CHECK(frame("GET / HTTP/1.1") == R"("GET / HTTP/1.1")");
    CHECK(frame("a \"b\"\tc\\") == R"("a \"b\"\tc\\")");
    CHECK(frame("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
    CHECK(frame("") == "\"\"");
  }

  TEST_CASE("what is missing of a frame shows as dots") {
    CHECK(show_message(frames(), "begin", 100) == R"("begin...")");
    CHECK(show_message(frames(), "\xff", 2) == R"({"hex":"ff..."})");
    CHECK(show_message(frames(), "", 7) == R"("...")");
  }

  TEST_CASE("a text that is cut within a character is still a text, without that character") {
    for (const std::string character : {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"})
      for (std::size_t kept = 1; kept < character.size(); ++kept) {
        const std::string text = "cut" + character.substr(0, kept);
        CAPTURE(kept);
        CHECK(show_message(frames(), text, 100) == R"("cut...")");
        CHECK(show_message(frames(), text, text.size()).starts_with(R"({"hex":)"));
      }
    CHECK(show_message(frames(), "cut\xff", 100) == R"({"hex":"637574ff..."})");
    CHECK(show_message(frames(), "cut\xc3\xbc\x80", 100) == R"({"hex":"637574c3bc80..."})");
  }

  TEST_CASE("a described message shows its fields in their order") {
    CHECK(show_message(reading(), reading_bytes(), 16) == R"({"value":41,"name":"one"})");
  }

  TEST_CASE("fields of a message that is cut short show as null from where it ends") {
    const std::string bytes = reading_bytes();
    for (std::size_t kept = 0; kept < 16; ++kept) {
      const auto json = nlohmann::json::parse(show_message(reading(), bytes.substr(0, kept), 16));
      CAPTURE(kept);
      CHECK(json["value"].is_null() == (kept < 8));
      CHECK(json["name"].is_null());
    }
  }

  TEST_CASE("a message that nobody described shows as hexadecimal digits") {
    CHECK(show_message(messages({}, 4), "\x01\x02\x03\x04", 4) == R"({"hex":"01020304"})");
  }

  TEST_CASE("a type that this version does not know and a field outside of the message do no harm") {
    const PlannedChannel odd =
        messages({field("new", "u128", 0), field("far", "u32", 0xffff'fffc), field("ok", "u8", 0)}, 8);
    const auto json = nlohmann::json::parse(show_message(odd, std::string(8, '\1'), 8));
    CHECK(json["new"].is_null());
    CHECK(json["far"].is_null());
    CHECK(json["ok"] == 1);
  }

  TEST_CASE("whatever the bytes are, what is shown is one line of JSON") {
    constexpr std::uint32_t kSeed = 7;
    INFO("seed " << kSeed);
    std::mt19937 dice(kSeed);
    for (int round = 0; round < 3000; ++round) {
      std::string bytes(dice() % 24, '\0');
      for (char& byte : bytes) byte = static_cast<char>(dice());
      for (const std::string& shown : {show_message(frames(), bytes, bytes.size() + dice() % 2),
                                       show_message(reading(), bytes, 16)}) {
        CHECK(nlohmann::json::accept(shown));
        CHECK(shown.find('\n') == std::string::npos);
      }
    }
  }
}

}  // namespace steady::topology
