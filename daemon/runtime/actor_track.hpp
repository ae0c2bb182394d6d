// What steadyd remembers of one actor: the last seconds, the last hour, and what its thread has used. Loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "config/model.hpp"
#include "ipc/observer.hpp"
#include "observe/snapshot.hpp"
#include "process/usage.hpp"
#include "runtime/history.hpp"
#include "runtime/window.hpp"

namespace steady::runtime {

class ActorTrack {
 public:
  /// Once a second. `memory_bytes`: of its worker.
  void second(const ipc::ActorObserver& observer, std::uint64_t memory_bytes, std::chrono::nanoseconds now);
  /// What the kernel has given to its thread; a second apart or more. A thread that is not there says zeros.
  void look(const process::CoreTime& core, std::chrono::nanoseconds now);
  /// What look() was given last.
  [[nodiscard]] const process::CoreTime& core_time() const { return core_; }
  /// Its process is gone; what it used stays counted.
  void ended();

  void show(observe::ActorSnapshot& shown, bool statistics) const;
  [[nodiscard]] std::optional<double> measure(config::Measure what, const config::Aggregate& how) const;

  // Parts of the last second.
  [[nodiscard]] double input_ratio() const { return input_ratio_; }
  [[nodiscard]] double room_ratio() const { return room_ratio_; }
  [[nodiscard]] double timer_ratio() const { return timer_ratio_; }
  [[nodiscard]] bool stepped() const { return steps_per_second_ > 0; }
  [[nodiscard]] bool frozen() const { return core_.stopped; }

  // The last hour.
  History cpu;
  History memory;
  History steps;
  History step_p99;
  History blocked;

 private:
  HistogramTrack step_;   ///< nanoseconds
  HistogramTrack batch_;  ///< messages
  ipc::WaitSample waits_;
  std::uint64_t steps_ = 0;
  double steps_per_second_ = 0;
  double input_ratio_ = 0;
  double room_ratio_ = 0;
  double timer_ratio_ = 0;
  std::optional<std::chrono::nanoseconds> second_at_;

  SampleWindow cpu_window_;
  SampleWindow memory_window_;
  SampleWindow steps_window_;
  SampleWindow room_window_;
  SampleWindow input_window_;
  double cpu_seconds_before_ = 0;  ///< of generations that are gone
  process::CoreTime core_;
  std::optional<std::chrono::nanoseconds> looked_at_;
};

}  // namespace steady::runtime
