#include "demo/fizzbuzz.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace steady::demo {
namespace {

constexpr std::size_t kPeriod = 15;           // 3 and 5 repeat together
constexpr std::size_t kBlock = 16 * kPeriod;  // judged in one go; its data stays in the first cache

constexpr std::uint64_t judge(std::uint64_t value) {
  return (value % 3 == 0 ? kFizz : kNone) | (value % 5 == 0 ? kBuzz : kNone);
}

/// The verdicts of 0, 1, 2, ...: a block that starts at any residue reads on without a wrap.
constexpr auto kPattern = [] {
  std::array<std::uint64_t, kBlock + kPeriod> pattern{};
  for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = judge(i);
  return pattern;
}();

/// Judges at most kBlock numbers as if each were its predecessor plus one. Returns whether they were.
bool classify_run(std::span<const Number> in, Verdict* out) {
  const std::uint64_t first = in.front().value;
  const std::uint64_t* const pattern = kPattern.data() + first % kPeriod;
  const Number* const numbers = in.data();
  std::uint64_t difference = 0;
  for (std::size_t i = 0, count = in.size(); i < count; ++i) {
    const std::uint64_t value = numbers[i].value;
    difference |= value ^ (first + i);
    out[i].value = value;
    out[i].kind = pattern[i];
  }
  return difference == 0;
}

void classify_each(std::span<const Number> in, Verdict* out) {
  for (const Number& number : in) *out++ = {number.value, judge(number.value)};
}

}  // namespace

void classify(std::span<const Number> in, std::span<Verdict> out) {
  for (std::size_t done = 0; done < in.size();) {
    const auto block = in.subspan(done, std::min(kBlock, in.size() - done));
    Verdict* const verdicts = out.data() + done;
    if (!classify_run(block, verdicts)) classify_each(block, verdicts);
    done += block.size();
  }
}

void FizzBuzz::start() {
  crash_.arm(now(), generation());
}

void FizzBuzz::step() {
  const auto count = std::min(numbers_.available(), verdicts_.vacant());
  const auto in = numbers_.take(count);
  classify(in, verdicts_.put(count));
  if (crash_.armed()) crash_.maybe(now());
}

}  // namespace steady::demo
