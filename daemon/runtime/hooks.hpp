// Runs the commands that triggers name: `on_trigger`. Of one trigger at most one runs at a time, and what it was told
// last is what holds: while it runs, a change back is told afterwards, a change there and back is not told at all.
// Loop thread only.
#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process/query.hpp"
#include "runtime/triggers.hpp"

namespace steady::runtime {

class Hooks {
 public:
  /// A command that takes longer than `limit` is killed, with all that it started. At most `at_once` run, the rest
  /// waits: a machine in trouble is not helped by a thousand processes more.
  Hooks(uv_loop_t* loop, std::string service, std::chrono::milliseconds limit = std::chrono::seconds(30),
        std::size_t at_once = 16)
      : loop_(loop), service_(std::move(service)), limit_(limit), at_once_(at_once) {}

  /// Tells the command of a trigger how it stands; `trigger` is its number among all. One that fails is a warning.
  void tell(std::size_t trigger, const Triggers::State& state);

  /// Commands that run now.
  [[nodiscard]] std::size_t running() const { return running_; }

 private:
  /// What there is to tell, copied: the trigger changes on.
  struct Order {
    bool active = false;
    std::vector<std::string> command;
    std::vector<std::string> environment;
    std::string name;  ///< of the channel or actor
    std::string when;
  };
  struct Slot {
    std::unique_ptr<process::Query> query;
    bool told_active = false;  ///< what the running command was told
    std::optional<Order> next;
  };

  void start_waiting();
  void start(Slot& slot, const Order& order);
  void ended(Slot& slot, const Order& order, const process::Outcome& outcome);

  uv_loop_t* loop_;
  const std::string service_;
  const std::chrono::milliseconds limit_;
  const std::size_t at_once_;
  std::size_t running_ = 0;
  std::map<std::size_t, Slot> slots_;  ///< by trigger; references to its slots stay valid
};

}  // namespace steady::runtime
