#include "base/units.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

namespace steady {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_SUITE("base/units") {
  TEST_CASE("a duration is a number with a unit") {
    struct Case {
      std::string text;
      std::chrono::nanoseconds expected;
    };
    const std::vector<Case> cases{
        {"0", 0ns},       {"0s", 0ns},
        {"1ns", 1ns},     {"250us", 250us},
        {"20ms", 20ms},   {"1.5s", 1500ms},
        {"2m", 2min},     {"24h", 24h},
        {"0.5ms", 500us}, {"010s", 10s},
        {"1.25h", 75min}, {"0.1s", 100ms},
        {"2.5ns", 3ns},   {"9223372036854775807ns", std::chrono::nanoseconds(kMost)},
    };
    for (const Case& one : cases) {
      INFO(one.text);
      const auto parsed = parse_duration(one.text);
      REQUIRE(parsed.has_value());
      CHECK(*parsed == one.expected);
    }
  }

  TEST_CASE("what is no duration is refused with what is accepted") {
    for (const std::string text : {"",
                                   "s",
                                   "5",
                                   "1.5",
                                   "-1s",
                                   "+1s",
                                   " 1s",
                                   "1s ",
                                   "1 s",
                                   "1S",
                                   "1e3s",
                                   "1d",
                                   "nan",
                                   "infs",
                                   "9223372036854775808ns",
                                   "99999999999999999999s",
                                   "3000000h",
                                   "0x10s",
                                   ".5s",
                                   "1..5s"}) {
      INFO(text);
      const auto parsed = parse_duration(text);
      REQUIRE_FALSE(parsed.has_value());
      CHECK(parsed.error().code == ErrorCode::Invalid);
      CHECK(parsed.error().message == "expected a duration such as 250us, 20ms, 1.5s or 2m, found '" + text + "'");
    }
  }

  TEST_CASE("a size is a number with a decimal or binary unit or none") {
    struct Case {
      std::string text;
      std::uint64_t expected;
    };
    const std::vector<Case> cases{
        {"0", 0},
        {"512", 512},
        {"512B", 512},
        {"1k", 1000},
        {"1kB", 1000},
        {"64Ki", 65536},
        {"64KiB", 65536},
        {"16Mi", 16U << 20},
        {"16MiB", 16U << 20},
        {"2M", 2'000'000},
        {"1Gi", 1U << 30},
        {"3G", 3'000'000'000},
        {"0.5Ki", 512},
        {"1.5MiB", 3U << 19},
        {"010", 10},
        {"9223372036854775807", static_cast<std::uint64_t>(kMost)},
    };
    for (const Case& one : cases) {
      INFO(one.text);
      const auto parsed = parse_size(one.text);
      REQUIRE(parsed.has_value());
      CHECK(*parsed == one.expected);
    }
  }

  TEST_CASE("what is no size is refused with what is accepted") {
    for (const std::string text :
         {"", "Ki", "-1", "+1", " 1", "1 ", "1 Ki", "1K", "1ki", "1m", "1T", "1KiBB", "1e3", "0x10",
          "9223372036854775808", "99999999999999999999", "9007199254740993Ki", "1_000", "1,000"}) {
      INFO(text);
      const auto parsed = parse_size(text);
      REQUIRE_FALSE(parsed.has_value());
      CHECK(parsed.error().code == ErrorCode::Invalid);
      CHECK(parsed.error().message == "expected a size such as 512, 64Ki or 16MiB, found '" + text + "'");
    }
  }

  TEST_CASE("a duration is printed with the largest unit that is exact") {
    CHECK(format_duration(0ns) == "0s");
    CHECK(format_duration(1ns) == "1ns");
    CHECK(format_duration(1500us) == "1500us");
    CHECK(format_duration(1500ms) == "1500ms");
    CHECK(format_duration(60s) == "1m");
    CHECK(format_duration(90s) == "90s");
    CHECK(format_duration(48h) == "48h");
  }

  TEST_CASE("a size is printed with the largest unit that is exact") {
    CHECK(format_size(0) == "0");
    CHECK(format_size(1023) == "1023");
    CHECK(format_size(1024) == "1Ki");
    CHECK(format_size(1000) == "1000");
    CHECK(format_size(1536) == "1536");
    CHECK(format_size(1U << 20) == "1Mi");
    CHECK(format_size(5ULL << 30) == "5Gi");
  }

  TEST_CASE("what is printed reads back as the same value") {
    std::uint64_t value = 1;
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t count = value >> (1 + i % 63);  // all magnitudes that fit 63 bits
      INFO(count);
      REQUIRE(parse_size(format_size(count)) == count);
      const std::chrono::nanoseconds duration(static_cast<std::int64_t>(count));
      REQUIRE(parse_duration(format_duration(duration)) == duration);
      value = value * 6364136223846793005U + 1442695040888963407U;
    }
    CHECK(parse_size(format_size(static_cast<std::uint64_t>(kMost))) == static_cast<std::uint64_t>(kMost));
  }
}

}  // namespace steady
