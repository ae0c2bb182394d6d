#include "runtime/hooks.hpp"

#include <utility>

#include "base/log.hpp"
#include "base/units.hpp"
#include "observe/show_value.hpp"

namespace steady::runtime {
namespace {

std::vector<std::string> environment_of(const Triggers::State& state, const std::string& service) {
  const config::Trigger& trigger = state.trigger;
  return {std::string("STEADY_TRIGGER_STATE=") + (state.active ? "active" : "ended"),
          std::string("STEADY_TRIGGER_KIND=") + word(state.kind),
          "STEADY_TRIGGER_NAME=" + state.name,
          "STEADY_TRIGGER_WHEN=" + trigger.when,
          std::string("STEADY_TRIGGER_COLOUR=") + word(trigger.colour),
          "STEADY_TRIGGER_VALUE=" + (state.value ? observe::show_value(trigger.when, *state.value) : std::string()),
          "STEADY_SERVICE=" + service};
}

}  // namespace

void Hooks::tell(std::size_t trigger, const Triggers::State& state) {
  if (state.trigger.command.empty()) return;
  Slot& slot = slots_[trigger];
  const bool knows = slot.query && slot.told_active == state.active;
  slot.next.reset();
  if (!knows)
    slot.next = Order{state.active, state.trigger.command, environment_of(state, service_), state.name,
                      state.trigger.when};
  start_waiting();
}

void Hooks::start_waiting() {
  for (auto& [trigger, slot] : slots_) {
    if (running_ == at_once_) return;
    if (slot.query || !slot.next) continue;
    const Order order = std::move(*slot.next);
    slot.next.reset();
    start(slot, order);
  }
}

void Hooks::start(Slot& slot, const Order& order) {
  process::Spawn spawn;
  spawn.command = order.command;
  spawn.environment = order.environment;
  auto query = process::Query::start(loop_, spawn, "", limit_, [this, &slot, order](const process::Outcome& outcome) {
    ended(slot, order, outcome);
  });
  if (!query)
    return log::warn("The command of a trigger cannot be run",
                     {{"of", order.name}, {"when", order.when}, {"why", query.error().message}});
  slot.query = std::move(*query);
  slot.told_active = order.active;
  ++running_;
}

void Hooks::ended(Slot& slot, const Order& order, const process::Outcome& outcome) {
  const auto over = std::move(slot.query);
  --running_;
  std::string why = outcome.timed_out ? "it did not end within " + format_duration(limit_) : outcome.how.text();
  if (!outcome.last_error_line.empty()) why += ": " + outcome.last_error_line;
  if (outcome.timed_out || !outcome.how.clean())
    log::warn("The command of a trigger failed",
              {{"of", order.name},
               {"when", order.when},
               {"command", order.command.front()},
               {"why", why}});
  start_waiting();
}

}  // namespace steady::runtime
