#include "config/did_you_mean.hpp"

#include <doctest/doctest.h>

namespace steady::config {

TEST_SUITE("config/did_you_mean") {
  TEST_CASE("the distance counts insertions, deletions, replacements and swapped neighbours") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("restart", "restart") == 0);
    CHECK(edit_distance("restrt", "restart") == 1);
    CHECK(edit_distance("restsart", "restart") == 1);
    CHECK(edit_distance("rextart", "restart") == 1);
    CHECK(edit_distance("resatrt", "restart") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
  }

  TEST_CASE("a slip of the pen is recognised and a different word is not") {
    const std::vector<std::string> keys{"restart", "shutdown", "plugin", "wait", "min"};
    CHECK(did_you_mean("restrat", keys) == ", did you mean 'restart'?");
    CHECK(did_you_mean("pulgin", keys) == ", did you mean 'plugin'?");
    CHECK(did_you_mean("mni", keys) == ", did you mean 'min'?");
    CHECK(did_you_mean("colour", keys).empty());
    CHECK(did_you_mean("x", keys).empty());
    CHECK(did_you_mean("", keys).empty());
    CHECK(did_you_mean("restart", {}).empty());
  }

  TEST_CASE("of several near words the nearest is named") {
    CHECK(did_you_mean("cuont", {"mount", "count", "amount"}) == ", did you mean 'count'?");
  }

  TEST_CASE("a short word is no slip of another short word") {
    CHECK(did_you_mean("a", {"b", "c"}).empty());
  }

  TEST_CASE("a very long word is not compared at all") {
    const std::string word(100'000, 'x');
    CHECK(did_you_mean(word, {word + "y"}).empty());
  }
}

}  // namespace steady::config
