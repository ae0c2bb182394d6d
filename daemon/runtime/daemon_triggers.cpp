// What follows from the triggers of the configuration: log lines, commands, and how the views show them.
#include "base/log.hpp"
#include "base/units.hpp"
#include "observe/show_value.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"

namespace steady::runtime {
namespace {

/// What the sampler remembers; of an actor only while it runs.
class Remembered final : public Lookup {
 public:
  Remembered(const Sampler& sampler, const topology::Plan& plan, const supervision::Tree& tree)
      : sampler_(sampler), plan_(plan), tree_(tree) {}

  [[nodiscard]] std::optional<double> channel(std::size_t channel, config::Measure measure,
                                              const config::Aggregate& aggregate) const override {
    return sampler_.channel_track(channel).measure(measure, aggregate);
  }
  [[nodiscard]] std::optional<double> actor(std::size_t actor, config::Measure measure,
                                            const config::Aggregate& aggregate) const override {
    if (tree_.child(plan_.actors[actor].worker).state != supervision::State::Running) return std::nullopt;
    return sampler_.actor_track(actor).measure(measure, aggregate);
  }

 private:
  const Sampler& sampler_;
  const topology::Plan& plan_;
  const supervision::Tree& tree_;
};

void log_change(const Triggers::State& state, std::chrono::nanoseconds lasted) {
  const config::Trigger& trigger = state.trigger;
  const std::string value = state.value ? observe::show_value(trigger.when, *state.value) : "nothing to measure";
  if (state.active)
    return log::warn("A trigger is active", {{word(state.kind), state.name},
                                             {"when", trigger.when},
                                             {"colour", word(trigger.colour)},
                                             {"value", value}});
  const auto whole_ms = std::chrono::duration_cast<std::chrono::milliseconds>(lasted);
  log::info("A trigger has ended", {{word(state.kind), state.name},
                                    {"when", trigger.when},
                                    {"colour", word(trigger.colour)},
                                    {"value", value},
                                    {"after", format_duration(whole_ms)}});
}

}  // namespace

void Daemon::look_at_triggers() {
  if (triggers_.empty()) return;
  const std::chrono::nanoseconds now = monotonic_now();
  for (const Triggers::Changed& change : triggers_.look(now, Remembered(sampler_, plan_, *tree_))) {
    const Triggers::State& state = triggers_.state(change.trigger);
    log_change(state, change.lasted);
    hooks_->tell(change.trigger, state);
  }
}

void Daemon::show_triggers(observe::Snapshot& snapshot) const {
  for (std::size_t i = 0; i < snapshot.channels.size(); ++i) snapshot.channels[i].triggers = triggers_.of_channel(i);
  for (std::size_t i = 0; i < snapshot.actors.size(); ++i) snapshot.actors[i].triggers = triggers_.of_actor(i);
}

}  // namespace steady::runtime
