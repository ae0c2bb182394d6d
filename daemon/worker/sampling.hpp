// Which steps are measured: about one in 40 us of the thread's time, so that measuring costs little however short the
// steps are, and all of them where they are long or rare. Knows no clock; owned by the actor's thread.
//
// The distance between two samples follows the pace of the last milliseconds, waits included, and is drawn at random
// around it. A fixed one, or one that a wait ends, would find the same step of every burst: always the first after a
// wait, say, whose messages are younger than those of the others.
#pragma once

#include <cstdint>
#include <limits>

namespace steady::worker {

class Sampling {
 public:
  static constexpr std::uint64_t kIntervalNs = 40'000;
  static constexpr std::uint64_t kStepsMax = 1024;                ///< from one sample to the next
  static constexpr std::uint64_t kMemoryNs = 64 * kIntervalNs;  ///< the pace is that of about so much time

  /// Off: no step is ever due.
  explicit Sampling(bool on) : left_(on ? 1 : std::numeric_limits<std::uint64_t>::max()), distance_(on ? 1 : 0) {}

  /// How many steps come before the next that is to be measured.
  [[nodiscard]] std::uint64_t unmeasured() const { return left_ - 1; }
  /// In place of due(), for so many steps that were not measured: at most unmeasured().
  void pass(std::uint64_t steps) { left_ -= steps; }

  /// Call before each step. Whether this one is to be measured; then sampled() must follow.
  [[nodiscard]] bool due() { return --left_ == 0; }

  /// The step that was due took so long. Returns how many steps it stands for: all since the last one.
  std::uint64_t sampled(std::uint64_t step_ns);

  /// The thread is known to have waited so long since the last step: the less it does, the more of it is measured.
  void waited(std::uint64_t wait_ns);

 private:
  void remember(std::uint64_t ns, std::uint64_t steps);
  [[nodiscard]] std::uint64_t mean_distance() const;
  [[nodiscard]] std::uint64_t draw_distance();

  std::uint64_t left_;          ///< the step that makes it 0 is due
  std::uint64_t distance_;      ///< in steps, from the last sample to the next; 0: off
  std::uint64_t time_ns_ = 0;   ///< remembered time, and the steps that were made in it
  std::uint64_t steps_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
};

}  // namespace steady::worker
