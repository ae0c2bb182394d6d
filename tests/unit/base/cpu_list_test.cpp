#include "base/cpu_list.hpp"

#include <doctest/doctest.h>

namespace steady {
namespace {

using Cpus = std::vector<unsigned>;

}  // namespace

TEST_SUITE("base/cpu_list") {
  TEST_CASE("numbers and ranges become an ascending list without repetition") {
    CHECK(parse_cpu_list("0") == Cpus{0});
    CHECK(parse_cpu_list("0,2-4\n") == Cpus{0, 2, 3, 4});
    CHECK(parse_cpu_list("4,2-3,3") == Cpus{2, 3, 4});
    CHECK(parse_cpu_list("8191") == Cpus{8191});
    CHECK(parse_cpu_list("\n") == Cpus{});
  }

  TEST_CASE("anything else is no list") {
    for (const char* const text : {"-1", "3-2", "01", "1,", ",1", "1,,2", "1-", "-", "a", "1 2", "8192", "0-8192", "1-2-3",
                                   "99999999999", "+1", "0x1"}) {
      INFO(text);
      CHECK_FALSE(parse_cpu_list(text).has_value());
    }
  }

  TEST_CASE("a list is printed in its shortest form, and read back") {
    CHECK(format_cpu_list({}).empty());
    CHECK(format_cpu_list({7}) == "7");
    CHECK(format_cpu_list({0, 1, 2, 4, 6, 7}) == "0-2,4,6-7");
    CHECK(parse_cpu_list(format_cpu_list({0, 1, 2, 4, 6, 7})) == Cpus{0, 1, 2, 4, 6, 7});
  }
}

}  // namespace steady
