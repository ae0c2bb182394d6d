// Which triggers of the configuration are active. Pure: time and values are handed in. Loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "observe/snapshot.hpp"

namespace steady::runtime {

/// Where the values come from that triggers look at, in base units: ratio, messages, per second, seconds, bytes, cores.
class Lookup {
 public:
  virtual ~Lookup() = default;

  /// Empty when there is nothing to measure: no message passed, no process runs.
  [[nodiscard]] virtual std::optional<double> channel(std::size_t channel, config::Measure measure,
                                                      const config::Aggregate& aggregate) const = 0;
  [[nodiscard]] virtual std::optional<double> actor(std::size_t actor, config::Measure measure,
                                                    const config::Aggregate& aggregate) const = 0;
};

class Triggers {
 public:
  enum class Kind { Channel, Actor };

  /// One trigger and how it stands.
  struct State {
    Kind kind = Kind::Channel;
    std::size_t index = 0;  ///< of its channel or actor, in the graph and the plan
    std::string name;       ///< of its channel or actor
    config::Trigger trigger;
    bool active = false;
    std::chrono::nanoseconds since{};                    ///< when it became active, or ceased to be; 0: never was
    std::optional<std::chrono::nanoseconds> held_since;  ///< the condition has held in every look since then
    std::optional<double> value;                         ///< at the last look
  };

  /// A trigger that became active, or ended.
  struct Changed {
    std::size_t trigger = 0;            ///< for state()
    std::chrono::nanoseconds lasted{};  ///< how long it was active, when it ended
  };

  explicit Triggers(const config::Graph& graph);

  /// Takes all values. A trigger becomes active once its condition has held in every look for its hold, and ends with
  /// the first look in which it does not; a value that is not there, or is no number, meets no condition.
  [[nodiscard]] std::vector<Changed> look(std::chrono::nanoseconds now, const Lookup& lookup);

  [[nodiscard]] bool empty() const { return states_.empty(); }
  [[nodiscard]] const State& state(std::size_t trigger) const { return states_[trigger]; }
  /// In the order of the configuration.
  [[nodiscard]] std::vector<observe::TriggerSnapshot> of_channel(std::size_t channel) const;
  [[nodiscard]] std::vector<observe::TriggerSnapshot> of_actor(std::size_t actor) const;

 private:
  void add(Kind kind, std::size_t index, const std::string& name, const std::vector<config::Trigger>& triggers);
  [[nodiscard]] std::vector<observe::TriggerSnapshot> of(Kind kind, std::size_t index) const;

  std::vector<State> states_;
};

[[nodiscard]] const char* word(config::Colour colour);
[[nodiscard]] const char* word(Triggers::Kind kind);

}  // namespace steady::runtime
