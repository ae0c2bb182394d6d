#include <algorithm>
#include <filesystem>

#include "config/draft.hpp"

namespace steady::config {
namespace {

using namespace std::chrono_literals;

/// Before the rest of the trigger: it is replaced as a whole.
void read_when(const Reader& reader, const Map& map, TriggerOf of, Trigger& trigger) {
  const std::string expected =
      of == TriggerOf::Channel ? "a condition such as 'fill > 80%'" : "a condition such as 'cpu > 90%'";
  const Item* const item = map.require("when", expected);
  if (item == nullptr) return;
  const auto text = scalar(reader, *item, expected);
  if (!text) return;
  auto parsed = parse_when(*text, of);
  if (!parsed) return reader.add(*item, parsed.error().message);
  trigger = std::move(*parsed);
}

/// A path starts at the directory of the main file, as everywhere here; a mere name is looked for in PATH.
std::string program(const std::string& word, const Draft& draft) {
  if (word.find('/') == std::string::npos) return word;
  return (std::filesystem::path(draft.graph.file).parent_path() / word).string();
}

void read_single_word(const Reader& reader, const Item& item, Trigger& trigger) {
  const auto word = value(reader, item, rules::text("a program, or a list of a program and its arguments"));
  if (!word) return;
  if (word->find_first_of(" \t\n") != std::string::npos)
    return reader.add(item,
                      "expected a list of a program and its arguments (no shell splits them), found " + quote(*word));
  trigger.command = {*word};
}

void read_command(const Reader& reader, const Item& item, const Draft& draft, Trigger& trigger) {
  if (item.node.IsScalar()) {
    read_single_word(reader, item, trigger);
  } else {
    const auto items = elements(reader, item, "a program, or a list of a program and its arguments");
    if (item.node.IsSequence() && items.empty()) reader.add(item, "expected at least a program, found an empty list");
    for (const Item& element : items) {
      const auto word = trigger.command.empty() ? value(reader, element, rules::text("a program"))
                                                : scalar(reader, element, "a single word");
      if (!word) return;  // what follows would take its place
      trigger.command.push_back(*word);
    }
  }
  if (!trigger.command.empty()) trigger.command.front() = program(trigger.command.front(), draft);
}

Trigger read_trigger(const Reader& reader, const Item& item, TriggerOf of, const Draft& draft) {
  Trigger trigger;
  const Map map(reader, item, sections::kTrigger, "a map with at least 'when'");
  read_when(reader, map, of, trigger);
  trigger.position = item.position;
  map.read("for", rules::duration(0ns, 24h), trigger.hold);
  map.read("colour", rules::colour(), trigger.colour);
  if (const Item* const command = map.find("on_trigger")) read_command(reader, *command, draft, trigger);
  return trigger;
}

bool looks_the_same(const Trigger& a, const Trigger& b) {
  return !a.when.empty() && a.when == b.when && a.colour == b.colour;
}

}  // namespace

std::vector<Trigger> read_triggers(const Reader& reader, const Item& item, TriggerOf of, const Draft& draft) {
  std::vector<Trigger> triggers;
  for (const Item& element : elements(reader, item, "a list of triggers")) {
    Trigger trigger = read_trigger(reader, element, of, draft);
    const auto same =
        std::ranges::find_if(triggers, [&](const Trigger& other) { return looks_the_same(trigger, other); });
    if (same != triggers.end())
      reader.add(element, "has the condition and the colour of " + item.path + "[" +
                              std::to_string(same - triggers.begin()) + "]: nobody could tell their metrics apart");
    triggers.push_back(std::move(trigger));
  }
  return triggers;
}

}  // namespace steady::config
