#include "config/names.hpp"

#include <doctest/doctest.h>

namespace steady::config {

TEST_SUITE("config/names") {
  TEST_CASE("a name begins with a letter or underscore and has at most 63 characters") {
    for (const std::string name : {"a", "_", "A-1", "_9", "parse_2-b"}) CHECK_MESSAGE(is_name(name), name);
    for (const std::string name : {"", "1a", "-a", "a b", "a.b", "a/b", "\xc3\xa9", "a\n"})
      CHECK_MESSAGE(!is_name(name), name);
    CHECK(is_name(std::string(63, 'x')));
    CHECK_FALSE(is_name(std::string(64, 'x')));
  }

  TEST_CASE("a quoted text holds no control characters and is cut between characters") {
    CHECK(quote("a\nb\x1b\x7f") ==
          "'a?b?"
          "?'");
    CHECK(quote(std::string(60, 'x')) == "'" + std::string(60, 'x') + "'");
    CHECK(quote(std::string(59, 'x') + "\xc3\xa9") == "'" + std::string(59, 'x') + "...'");
  }
}

}  // namespace steady::config
