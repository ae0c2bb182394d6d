#include "average.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace average {
namespace {

std::optional<double> number_in(std::string_view line) {
  double number = 0;
  const auto read = std::from_chars(line.data(), line.data() + line.size(), number);
  if (read.ec != std::errc{} || read.ptr != line.data() + line.size()) return std::nullopt;
  return number;
}

}  // namespace

void Average::start() {
  if (*window_ < 1 || *window_ > static_cast<std::int64_t>(kMost))
    throw std::invalid_argument("parameter window: expected 1 to 64");
}

void Average::step() {
  const auto window = static_cast<std::uint64_t>(*window_);
  Latest& latest = latest_.change();
  while (means_.vacant() > 0) {
    const auto line = lines_.next();
    if (!line) break;
    const auto number = number_in(*line);
    if (!number) {
      ignored_.add();
      continue;
    }
    latest.numbers[latest.count++ % window] = *number;
    const auto known = std::min(latest.count, window);
    means_.put(
        {latest.count, std::accumulate(latest.numbers, latest.numbers + known, 0.0) / static_cast<double>(known)});
  }
}

}  // namespace average

STEADY_PLUGIN(average::Average)
