// What an operator or a latency target has changed about inputs and channels since steadyd started: kept here, applied to
// each new plan, forgotten with the process. Pure; loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/model.hpp"
#include "ipc/protocol.hpp"
#include "topology/plan.hpp"

namespace steady::runtime {

/// What `steadyctl set` and `get` name: ACTOR.PORT. An input has min, max and max_wait; an output that feeds a channel has
/// its window.
struct TuningTarget {
  std::size_t actor = 0;  ///< index into Plan::actors
  std::string port;
  bool input = true;
  std::vector<std::size_t> channels;  ///< that end there, or the one that begins there

  /// Errors: NotFound, with what there is.
  [[nodiscard]] static Result<TuningTarget> find(const topology::Plan& plan, const std::string& name);
};

class Tunings {
 public:
  explicit Tunings(const config::Graph& graph) : graph_(graph) {}

  /// Changes some values of a target: each as YAML would have it, or `default` for what the configuration says. Either
  /// all of them or none. Errors: Invalid or Busy, with the value that was expected instead.
  [[nodiscard]] Status set(const topology::Plan& plan, const TuningTarget& target,
                           const std::map<std::string, std::string>& values);
  /// The window that a latency target wants; it stands above all others.
  void control(std::size_t channel, std::uint64_t window) { controlled_[channel] = window; }
  /// From the start on: the channel's window is the business of the path of this index.
  void reserve(std::size_t channel, std::size_t path) { paths_.emplace(channel, path); }

  /// Puts all that was changed into a plan.
  void apply(topology::Plan& plan) const;

  /// The values of a target and where each comes from: default, configuration, operator, latency_target.
  [[nodiscard]] nlohmann::json describe(const topology::Plan& plan, const TuningTarget& target) const;
  [[nodiscard]] const char* window_origin(std::size_t channel) const;

 private:
  struct Input {
    std::optional<std::uint64_t> min;
    std::optional<std::uint64_t> max;
    std::optional<std::chrono::nanoseconds> max_wait;
  };
  using InputKey = std::pair<std::string, std::string>;  ///< actor and port

  [[nodiscard]] Status set_input(const topology::Plan& plan, const TuningTarget& target,
                                 const std::map<std::string, std::string>& values);
  [[nodiscard]] Status set_window(const topology::Plan& plan, const TuningTarget& target,
                                  const std::map<std::string, std::string>& values);
  [[nodiscard]] config::InputTuning configured(const InputKey& key) const;
  [[nodiscard]] config::InputTuning tuned(const InputKey& key, const Input& input) const;

  const config::Graph& graph_;
  std::map<InputKey, Input> inputs_;
  std::map<std::size_t, std::uint64_t> windows_;     ///< by channel: set by an operator
  std::map<std::size_t, std::uint64_t> controlled_;  ///< by channel: set by a latency target
  std::map<std::size_t, std::size_t> paths_;         ///< by channel: the first path that has it
};

/// The most messages that any reader of the channel waits for.
[[nodiscard]] std::uint64_t largest_min(const topology::Plan& plan, const topology::PlannedChannel& channel);

/// What the worker of one end is told, from a plan that has everything applied. `end`: of `actor`, an input or an output.
[[nodiscard]] ipc::Tuning tuning_for(const topology::Plan& plan, std::size_t actor, const topology::End& end);

}  // namespace steady::runtime
