// Answers about the log: the last lines, which stay in memory.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "runtime/daemon.hpp"
#include "runtime/details.hpp"

namespace steady::runtime {
namespace {

/// Lines when nobody says how many.
constexpr std::uint64_t kListed = 100;

/// A whole number that may be absent. Throws json::type_error, which the dispatcher answers, for anything else.
std::optional<std::uint64_t> count_of(const nlohmann::json& params, const char* name) {
  if (!params.is_object() || !params.contains(name)) return std::nullopt;
  const auto& value = params.at(name);
  if (!value.is_number_unsigned())
    throw nlohmann::json::type_error::create(302, std::string(name) + " is a whole number", &value);
  return value.get<std::uint64_t>();
}

}  // namespace

control::Answer Daemon::answer_logs(const nlohmann::json& params) const {
  const std::string actor = params.is_object() ? params.value("actor", "") : "";
  if (!actor.empty() && !find_actor(actor)) return fail(ErrorCode::NotFound, "there is no actor '" + actor + "'");
  const auto found = log::recent(actor, count_of(params, "after"), count_of(params, "limit").value_or(kListed));
  return nlohmann::json{{"lines", to_json(found.lines)},
                        {"dropped", found.dropped},
                        {"last", found.last},
                        {"instance", started_at_.count()}};
}

}  // namespace steady::runtime
