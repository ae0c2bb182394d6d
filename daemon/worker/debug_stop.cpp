#include "worker/debug_stop.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace steady::worker {
namespace {

bool parse_number(std::string_view text, auto& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

}  // namespace

std::optional<StopHook> debug_stop_for(const ipc::ActorPlan& plan) {
  const char* const variable = std::getenv("STEADY_DEBUG_COMMIT_STOP");
  if (variable == nullptr || plan.generation != 0) return std::nullopt;
  const std::string_view text = variable;
  const auto first = text.find(':');
  const auto second = text.rfind(':');
  unsigned point = 0;
  std::uint64_t commit = 0;
  if (first == second || text.substr(0, first) != plan.name ||
      !parse_number(text.substr(first + 1, second - first - 1), point) ||
      !parse_number(text.substr(second + 1), commit) || point == 0)
    return std::nullopt;
  return StopHook(point, commit);
}

}  // namespace steady::worker
