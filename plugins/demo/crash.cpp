#include "demo/crash.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace steady::demo {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"kill", "segv", "abort", "throw", "exit"};

/// The finaliser of splitmix64: neighbouring inputs give unrelated outputs.
std::uint64_t scramble(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

void write_wildly() {
  volatile std::uintptr_t nowhere = 8;
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

void die(std::string_view kind) {
  if (kind == "segv") write_wildly();
  if (kind == "abort") std::abort();
  if (kind == "throw") throw std::runtime_error("a crash on purpose (crash_every)");
  if (kind == "exit") std::_Exit(3);
  std::raise(SIGKILL);
}

}  // namespace

std::chrono::nanoseconds draw_lifetime(std::chrono::nanoseconds mean, std::uint64_t seed, std::uint64_t generation) {
  const std::uint64_t random = scramble(scramble(seed) ^ generation);
  const double uniform = (static_cast<double>(random >> 11) + 0.5) * 0x1p-53;  // never 0, never 1
  return std::chrono::nanoseconds(static_cast<std::int64_t>(-std::log(uniform) * static_cast<double>(mean.count())));
}

Crash::Crash(Actor& actor)
    : every_(actor, "crash_every", "0s", "mean time between crashes on purpose; 0s: never"),
      kind_(actor, "crash_kind", "kill", "how to crash: kill, segv, abort, throw or exit"),
      seed_(actor, "crash_seed", "1", "the same seed crashes at the same ages") {}

void Crash::arm(std::chrono::nanoseconds now, std::uint64_t generation) {
  if (std::find(kKinds.begin(), kKinds.end(), *kind_) == kKinds.end())
    throw std::invalid_argument("parameter crash_kind: expected kill, segv, abort, throw or exit, found '" + *kind_ +
                                "'");
  if (every_->count() == 0) return;
  due_ = now + draw_lifetime(*every_, static_cast<std::uint64_t>(*seed_), generation);
}

void Crash::maybe(std::chrono::nanoseconds now) const {
  if (now >= due_) die(*kind_);
}

}  // namespace steady::demo
