#include "process/usage.hpp"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <limits>
#include <vector>

namespace steady::process {

TEST_SUITE("process/usage") {
  TEST_CASE("a process's time and memory are seen, and grow with what it does") {
    const auto before = usage_of(::getpid());
    REQUIRE(before);
    CHECK(before->memory_bytes > 100'000);
    std::vector<char> memory(50'000'000, 'x');
    auto after = usage_of(::getpid());
    REQUIRE(after);
    CHECK(after->memory_bytes > before->memory_bytes + 40'000'000);
    volatile unsigned work = 0;
    while (after && after->cpu_seconds < before->cpu_seconds + 0.02) {
      for (int i = 0; i < 1'000'000; ++i) work = work + 1;
      after = usage_of(::getpid());
    }
    CHECK(after);
    CHECK(memory.back() == 'x');
  }

  TEST_CASE("a name full of brackets and blanks does not confuse") {
    char name[16] = {};
    REQUIRE(::prctl(PR_GET_NAME, name) == 0);
    const auto before = usage_of(::getpid());
    REQUIRE(::prctl(PR_SET_NAME, ") S 1 (2 3) R") == 0);
    const auto usage = usage_of(::getpid());
    REQUIRE(::prctl(PR_SET_NAME, name) == 0);
    REQUIRE(before);
    REQUIRE(usage);
    CHECK(usage->cpu_seconds >= before->cpu_seconds);
    CHECK(usage->cpu_seconds < before->cpu_seconds + 60);
  }

  TEST_CASE("a process that is gone uses nothing") {
    CHECK_FALSE(usage_of(std::numeric_limits<int>::max()));
    CHECK_FALSE(usage_of(-1));
  }
}

}  // namespace steady::process
