#include "config/expand.hpp"

#include <doctest/doctest.h>

namespace steady::config {
namespace {

const Environment kEnvironment{{"HOME", "/root"}, {"EMPTY", ""}, {"DOLLAR", "${HOME}"}, {"_x9", "ok"}};

std::string expanded(const std::string& text) {
  auto result = expand(text, kEnvironment);
  return result ? *result : "error: " + result.error().message;
}

}  // namespace

TEST_SUITE("config/expand") {
  TEST_CASE("references are replaced and everything else is kept") {
    struct Case {
      std::string text;
      std::string expected;
    };
    const std::vector<Case> cases{
        {"", ""},
        {"plain", "plain"},
        {"${HOME}", "/root"},
        {"a${HOME}b${_x9}c", "a/rootbokc"},
        {"${EMPTY}", ""},
        {"${EMPTY:-full}", "full"},
        {"${NONE:-full}", "full"},
        {"${NONE:-}", ""},
        {"${NONE:-a:-b c}", "a:-b c"},
        {"${HOME:-other}", "/root"},
        {"$$", "$"},
        {"$${HOME}", "${HOME}"},
        {"$$$${HOME}", "$${HOME}"},
        {"$$${HOME}", "$/root"},
        {"$HOME", "$HOME"},
        {"^a$", "^a$"},
        {"$", "$"},
        {"}{", "}{"},
        {"${DOLLAR}", "${HOME}"},
    };
    for (const Case& one : cases) {
      INFO(one.text);
      CHECK(expanded(one.text) == one.expected);
    }
  }

  TEST_CASE("what cannot be expanded is an error that says what to write") {
    CHECK(expanded("${NONE}") ==
          "error: the variable 'NONE' is not set; set it, or give a default as in ${NONE:-default}");
    CHECK(expanded("a${HOME") == "error: '${' has no closing '}'; write $$ for a literal $");
    for (const std::string text : {"${}", "${9a}", "${a-b}", "${a b}", "${:-x}", "${a:b}"}) {
      INFO(text);
      CHECK(expanded(text).starts_with("error: expected ${VAR} or ${VAR:-default}, found"));
    }
    CHECK(expanded("${NONE:-${HOME}}") == "error: a default cannot hold another ${VAR}");
  }

  TEST_CASE("a value cannot grow without bound") {
    const Environment large{{"X", std::string(40'000, 'x')}};
    CHECK(expand("${X}", large).has_value());
    CHECK_FALSE(expand("${X}${X}", large).has_value());
  }

  TEST_CASE("the process environment is copied") {
    CHECK(process_environment().contains("PATH"));
  }
}

}  // namespace steady::config
