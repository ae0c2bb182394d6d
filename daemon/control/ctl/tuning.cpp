#include "control/ctl/tuning.hpp"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "control/ctl/command.hpp"
#include "control/ctl/fields.hpp"

namespace steady::control {
namespace {

using nlohmann::json;

struct Wishes {
  std::string target;
  std::vector<std::string> assignments;
};

/// Of "min=64". Throws as CLI11 wants it.
json values_of(const std::vector<std::string>& assignments) {
  json values = json::object();
  for (const std::string& text : assignments) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw CLI::ValidationError("expected NAME=VALUE, found '" + text + "'");
    if (!values.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
      throw CLI::ValidationError("'" + text.substr(0, equals) + "' stands twice");
  }
  return values;
}

int tune(const std::string& socket, bool as_json, const Wishes& wishes) {
  const auto answer = ask(socket, "set", {{"target", wishes.target}, {"values", values_of(wishes.assignments)}});
  if (!answer) return refused(answer.error());
  std::cout << (as_json ? compact(*answer) + '\n' : render_tuning(*answer, screen()));
  return kDone;
}

}  // namespace

std::string render_tuning(const json& answer, const Screen& screen) {
  std::vector<Row> rows;
  const auto values = answer.find("values");
  if (values != answer.end() && values->is_object())
    for (const auto& [name, value] : values->items())
      rows.push_back({{name}, {text_of(value, "text")}, {text_of(value, "from")}});
  return render_table({"VALUE", "NOW", "FROM"}, rows, screen);
}

void add_tuning(CLI::App& app, const std::string& socket, const bool& as_json, int& result) {
  const auto wishes = std::make_shared<Wishes>();
  const auto run = [wishes, &socket, &as_json, &result] { result = tune(socket, as_json, *wishes); };
  auto* set = app.add_subcommand("set", "change thresholds of a running actor's input, or the window of a channel");
  set->add_option("target", wishes->target, "ACTOR.INPUT, or the channel: ACTOR.PORT of its producer")->required();
  set->add_option("values", wishes->assignments,
                  "min=64 max=1Ki max_wait=2ms of an input, window=4Ki of a channel; default: as configured");
  set->callback(run);
  auto* get = app.add_subcommand("get", "what they are now, and who says so");
  get->add_option("target", wishes->target, "as for set")->required();
  get->callback(run);
}

}  // namespace steady::control
