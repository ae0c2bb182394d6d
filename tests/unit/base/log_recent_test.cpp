#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/log_recent.hpp"

using namespace steady::log;

namespace {

Recent lines_of(const std::vector<std::string>& actors, std::size_t lines_max = 100, std::size_t bytes_max = 10'000) {
  Recent recent(lines_max, bytes_max);
  for (const auto& actor : actors) recent.add({}, Level::Info, actor, "says");
  return recent;
}

std::vector<std::uint64_t> numbers(const Recent::Found& found) {
  std::vector<std::uint64_t> result;
  for (const auto& line : found.lines) result.push_back(line.number);
  return result;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_SUITE("base/log_recent") {
  TEST_CASE("nothing was said yet") {
    const Recent empty(10, 10);
    CHECK(empty.find("", {}, 5).lines.empty());
    CHECK(empty.find("", 0, 5).last == 0);
    CHECK(empty.find("", 7, 5).last == 0);
  }

  TEST_CASE("the newest lines come, the oldest of them first") {
    const auto found = lines_of({"a", "b", "a", "c"}).find("", {}, 3);
    CHECK(numbers(found) == Numbers{2, 3, 4});
    CHECK(found.last == 4);
    CHECK(found.dropped == 0);
  }

  TEST_CASE("a line of a shared worker belongs to each of its actors, and to nobody whose name is only a part") {
    const Recent recent = lines_of({"parse", "parse,sink", "", "sink,parse2"});
    CHECK(numbers(recent.find("parse", {}, 10)) == Numbers{1, 2});
    CHECK(numbers(recent.find("sink", {}, 10)) == Numbers{2, 4});
    CHECK(numbers(recent.find("pars", {}, 10)).empty());
  }

  TEST_CASE("who follows gets every line once, whatever the limit") {
    const Recent recent = lines_of({"a", "b", "a", "a", "b"});
    const auto first = recent.find("a", 0, 2);
    CHECK(numbers(first) == Numbers{1, 3});
    CHECK(first.last == 3);
    const auto second = recent.find("a", first.last, 2);
    CHECK(numbers(second) == Numbers{4});
    CHECK(second.last == 5);  // the line of b was looked at too: it will not count as dropped
    CHECK(recent.find("a", second.last, 2).lines.empty());
    CHECK(recent.find("a", second.last, 2).last == 5);
  }

  TEST_CASE("lines that are no longer kept are counted for who follows") {
    const Recent recent = lines_of({"a", "a", "a", "a", "a"}, 2);
    const auto found = recent.find("", 1, 10);
    CHECK(numbers(found) == Numbers{4, 5});
    CHECK(found.dropped == 2);
    CHECK(recent.find("", 3, 10).dropped == 0);
    CHECK(recent.find("", 0, 0).last == 3);
  }

  TEST_CASE("a number from the future finds nothing and comes back to the present") {
    const Recent recent = lines_of({"a", "a"});
    for (const auto number : {std::uint64_t{3}, std::numeric_limits<std::uint64_t>::max()}) {
      CHECK(recent.find("", number, 10).lines.empty());
      CHECK(recent.find("", number, 10).dropped == 0);
      CHECK(recent.find("", number, 10).last == 2);
    }
  }

  TEST_CASE("bytes are bounded too, and the newest line is kept whatever its size") {
    Recent recent(100, 10);
    for (const char* text : {"1234", "5678", "abcd"}) recent.add({}, Level::Info, "", text);
    CHECK(numbers(recent.find("", {}, 10)) == Numbers{2, 3});
    recent.add({}, Level::Info, "", std::string(1000, 'x'));
    CHECK(numbers(recent.find("", {}, 10)) == Numbers{4});
    recent.add({}, Level::Info, "", "1234");
    CHECK(numbers(recent.find("", {}, 10)) == Numbers{5});
  }
}
