#include "base/hex.hpp"

#include <doctest/doctest.h>

namespace steady {

TEST_SUITE("base/hex") {
  TEST_CASE("what is not whole bytes of hexadecimal digits is refused") {
    for (const char* const text : {"0", "abc", "0g", "g0", " 00", "00 ", "0x00", "+1", "-1", "00\n", "zz", "@0", "0`",
                                   "0:", "0/", "0[", "\xc3\xa4"}) {
      CAPTURE(text);
      CHECK_FALSE(from_hex(text));
    }
    CHECK_FALSE(from_hex(std::string_view("0\0", 2)));
  }

  TEST_CASE("every byte becomes two lower-case digits and comes back") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    const std::string text = to_hex(all);
    CHECK(text.size() == 512);
    CHECK(text.substr(0, 6) == "000102");
    CHECK(text.substr(506) == "fdfeff");
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(from_hex(text) == all);
  }

  TEST_CASE("upper-case digits are digits too") { CHECK(from_hex("0aF0Bc") == "\x0a\xf0\xbc"); }

  TEST_CASE("no bytes are no digits, and the other way round") {
    CHECK(to_hex("").empty());
    CHECK(from_hex("") == "");
  }
}

}  // namespace steady
