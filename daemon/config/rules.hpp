// What one scalar may be: the phrase for "expected ...", and the function that reads it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/model.hpp"

namespace steady::config {

template <class T>
struct Rule {
  std::string expected;                                       ///< "a duration from 10ms to 10s"
  std::function<std::optional<T>(const std::string&)> parse;  ///< empty: not that
  std::vector<std::string> choices{};                         ///< for "did you mean"
  std::vector<std::string> later{};                           ///< known values that this version does not have yet
};

namespace rules {

/// `what` completes "expected": "the name of a plugin".
[[nodiscard]] Rule<std::string> name(const std::string& what);
[[nodiscard]] Rule<std::string> text(const std::string& what);
[[nodiscard]] Rule<bool> boolean();
/// Plain decimal digits: no sign, no leading zero, no octal, no hexadecimal.
[[nodiscard]] Rule<std::uint64_t> integer(std::uint64_t min, std::uint64_t max);
[[nodiscard]] Rule<double> real(double min, double max);
/// A count with an optional unit, such as 64Ki.
[[nodiscard]] Rule<std::uint64_t> size(std::uint64_t min, std::uint64_t max);
[[nodiscard]] Rule<std::chrono::nanoseconds> duration(std::chrono::nanoseconds min, std::chrono::nanoseconds max);
[[nodiscard]] Rule<Shutdown> shutdown();
/// off (an empty optional inside) or a duration.
[[nodiscard]] Rule<std::optional<std::chrono::nanoseconds>> watchdog();
/// ADDR:PORT with a numeric address, or off.
[[nodiscard]] Rule<std::string> listen();
[[nodiscard]] Rule<std::string> http_url();

/// One CPU or a range of them.
[[nodiscard]] Rule<std::vector<unsigned>> cpus();
[[nodiscard]] Rule<int> nice();
[[nodiscard]] Rule<unsigned> numa_node();
[[nodiscard]] Rule<RealTime> real_time();

[[nodiscard]] Rule<Restart> restart();
[[nodiscard]] Rule<Strategy> strategy();
[[nodiscard]] Rule<Wait> wait();
[[nodiscard]] Rule<Life> actor_life();
[[nodiscard]] Rule<Life> channel_life();
[[nodiscard]] Rule<WhenFull> when_full();
[[nodiscard]] Rule<OnGiveUp> on_give_up();
[[nodiscard]] Rule<Poison> poison();
[[nodiscard]] Rule<AutoShutdown> auto_shutdown();
[[nodiscard]] Rule<LogFormat> log_format();
[[nodiscard]] Rule<Colour> colour();

}  // namespace rules
}  // namespace steady::config
