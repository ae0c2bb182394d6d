// What flows between the demo's actors.
#pragma once

#include <cstdint>
#include <steady/message.hpp>

namespace steady::demo {

struct Number {
  std::uint64_t value;
};
BOOST_DESCRIBE_STRUCT(Number, (), (value))

/// The values of Verdict::kind. A fixed 64 bits, so that a verdict is 16 bytes without a hole.
enum Kind : std::uint64_t { kNone = 0, kFizz = 1, kBuzz = 2, kFizzBuzz = 3 };

struct Verdict {
  std::uint64_t value;
  std::uint64_t kind;
};
BOOST_DESCRIBE_STRUCT(Verdict, (), (value, kind))

}  // namespace steady::demo
