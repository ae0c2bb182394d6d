#include "control/ctl/actor_text.hpp"

#include <fmt/format.h>

#include "control/ctl/fields.hpp"

namespace steady::control {

std::uint64_t restarts_of(const nlohmann::json& actor) {
  std::uint64_t sum = 0;
  for (const auto& count : member(actor, "restarts"))
    if (count.is_number_unsigned()) sum += count.get<std::uint64_t>();
  return sum;
}

std::string remark_of(const nlohmann::json& actor) {
  if (text_of(actor, "state") == "running") {
    const std::string note = text_of(actor, "note");
    const std::string standby = text_of(actor, "standby");
    if (standby.empty()) return note;
    return "standby " + standby + (note.empty() ? "" : "; " + note);
  }
  std::string remark = text_of(actor, "reason");
  if (member(actor, "retry_in_seconds").is_number())
    remark += fmt::format(" (retry in {:.1f} s)", number_of(actor, "retry_in_seconds"));
  return remark;
}

}  // namespace steady::control
