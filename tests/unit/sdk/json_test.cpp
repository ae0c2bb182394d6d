#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <steady/json.hpp>
#include <steady/message.hpp>
#include <string>

namespace {

struct Everything {
  std::int8_t small;
  std::uint8_t small_unsigned;
  std::int64_t large;
  std::uint64_t large_unsigned;
  float single;
  double real;
  bool yes;
  char letter;
  std::int16_t list[3];
  steady::Text<8> text;
};
BOOST_DESCRIBE_STRUCT(Everything, (),
                      (small, small_unsigned, large, large_unsigned, single, real, yes, letter, list, text))

struct Word {
  steady::Text<16> text;
};
BOOST_DESCRIBE_STRUCT(Word, (), (text))

struct Secret {
  std::uint16_t value;
};

template <class T>
std::string json(const T& message) {
  return steady::to_json(steady::detail::describe_message<T>(),
                         {reinterpret_cast<const char*>(&message), sizeof message});
}

std::string json_text(std::string_view text) {
  Word word{};
  word.text = text;
  return json(word);
}

}  // namespace

TEST_SUITE("sdk/json") {
  TEST_CASE("bytes that are no UTF-8 become the replacement character, each") {
    CHECK(json_text("a\xff"
                    "b") ==
          "{\"text\":\"a\xef\xbf\xbd"
          "b\"}");
    CHECK(json_text("\xc3") == "{\"text\":\"\xef\xbf\xbd\"}");                  // cut in the middle
    CHECK(json_text("\xc0\x80") == "{\"text\":\"\xef\xbf\xbd\xef\xbf\xbd\"}");  // overlong
    CHECK(json_text("\xed\xa0\x80").find("\xed") == std::string::npos);         // a surrogate
    CHECK(json_text("\xf4\x90\x80\x80").find("\xf4") == std::string::npos);     // too large
    CHECK(json_text("h\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80") == "{\"text\":\"h\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80\"}");
  }

  TEST_CASE("quotes, backslashes and control characters are escaped") {
    CHECK(json_text("\"\\\n\r\t\x01\x1f") == R"({"text":"\"\\\n\r\t\u0001\u001f"})");
  }

  TEST_CASE("a text that fills its field needs no zero") {
    CHECK(json_text("0123456789abcdef") == R"({"text":"0123456789abcdef"})");
    CHECK(json_text("0123456789abcdefgh") == R"({"text":"0123456789abcdef"})");
  }

  TEST_CASE("an empty text stays empty, also one that has no bytes at all") {
    CHECK(json_text("") == R"({"text":""})");
    CHECK(json_text(std::string_view()) == R"({"text":""})");
  }

  TEST_CASE("what is no number becomes null") {
    Everything all{};
    all.single = std::numeric_limits<float>::infinity();
    all.real = std::nan("");
    CHECK(json(all).find(R"("single":null,"real":null)") != std::string::npos);
  }

  TEST_CASE("every type has its form, numbers the shortest one that reads back the same") {
    Everything all{-128,       255, std::numeric_limits<std::int64_t>::min(), ~std::uint64_t{0}, 0.1f, 0.1, true, 'x',
                   {-1, 0, 1}, {}};
    all.text = "text";
    CHECK(json(all) ==
          R"({"small":-128,"small_unsigned":255,"large":-9223372036854775808,"large_unsigned":18446744073709551615,)"
          R"("single":0.1,"real":0.1,"yes":true,"letter":"x","list":[-1,0,1],"text":"text"})");
  }

  TEST_CASE("a message that is not described is shown as its bytes") {
    CHECK(json(Secret{0x1234}) == R"({"hex":"3412"})");
  }

  TEST_CASE("a field beyond the bytes that are there is null") {
    CHECK(steady::to_json(steady::detail::describe_message<Word>(), "short") == R"({"text":null})");
  }
}
