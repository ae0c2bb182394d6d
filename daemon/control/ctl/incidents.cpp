#include "control/ctl/incidents.hpp"

#include "control/ctl/fields.hpp"

namespace steady::control {
namespace {

using nlohmann::json;

/// An exception's text may be long, and behind it stands what became of the actor.
constexpr std::size_t kHowWidth = 48;

Colour colour_of_cause(const std::string& cause) {
  return cause == "operator" || cause == "exit" ? Colour::Grey : Colour::Red;
}

Row incident_row(const json& incident) {
  const auto cause = text_of(incident, "cause");
  return {number_cell(std::to_string(count_of(incident, "id"))),
          {text_of(incident, "at")},
          {text_of(incident, "actor")},
          number_cell(std::to_string(count_of(incident, "generation"))),
          {cause, colour_of_cause(cause)},
          {clipped(text_of(incident, "how"), kHowWidth)},
          {text_of(incident, "decision")}};
}

}  // namespace

std::string render_incidents(const json& answer, const Screen& screen) {
  std::vector<Row> rows;
  for (const auto& incident : member(answer, "incidents")) rows.push_back(incident_row(incident));
  if (rows.empty()) return "no incidents\n";
  return render_table({"ID", "TIME", "ACTOR", "GEN", "CAUSE", "HOW", "DECISION"}, rows, screen);
}

std::string render_incident(const json& incident) {
  const auto text = text_of(incident, "text");
  return text.empty() ? "steadyd sent no text\n" : printable_lines(text);
}

}  // namespace steady::control
