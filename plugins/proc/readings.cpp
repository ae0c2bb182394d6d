#include "proc/readings.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>

namespace steady::proc {
namespace {

template <class Number>
Number take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  Number value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{})
    throw std::runtime_error("expected a number, found '" + std::string(text.substr(0, 20)) + "'");
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return value;
}

/// What follows `name` at the beginning of a line.
std::string_view after(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1))
    if (at == 0 || text[at - 1] == '\n') return text.substr(at + name.size());
  throw std::runtime_error("found no line '" + std::string(name) + "'");
}

std::uint64_t take_kib(std::string_view meminfo, std::string_view name) {
  auto text = after(meminfo, name);
  return take_number<std::uint64_t>(text) * 1024;
}

}  // namespace

CpuTimes read_cpu_times(std::string_view stat) {
  auto text = after(stat, "cpu ");
  std::array<std::uint64_t, 8> ticks{};  // user nice system idle iowait irq softirq steal; guests are part of user
  for (std::uint64_t& each : ticks) each = take_number<std::uint64_t>(text);
  CpuTimes times;
  for (const std::uint64_t each : ticks) times.total += each;
  times.busy = times.total - ticks[3] - ticks[4];
  return times;
}

std::array<double, 3> read_load(std::string_view loadavg) {
  std::array<double, 3> load{};
  for (double& each : load) each = take_number<double>(loadavg);
  return load;
}

Memory read_memory(std::string_view meminfo) {
  return {take_kib(meminfo, "MemTotal:"), take_kib(meminfo, "MemAvailable:")};
}

double busy_percent(const CpuTimes& before, const CpuTimes& after) {
  if (after.total <= before.total || after.busy < before.busy) return 0;
  const double percent =
      100 * static_cast<double>(after.busy - before.busy) / static_cast<double>(after.total - before.total);
  return std::min(percent, 100.0);
}

}  // namespace steady::proc
