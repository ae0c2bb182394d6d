// What steadyd remembers of one channel: the last seconds, the last hour. Fed from samples of shared memory; loop thread
// only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/model.hpp"
#include "ipc/observer.hpp"
#include "observe/snapshot.hpp"
#include "runtime/history.hpp"
#include "runtime/window.hpp"

namespace steady::runtime {

class ChannelTrack {
 public:
  explicit ChannelTrack(std::size_t readers) : readers_(readers) {}

  /// Once per frame.
  void frame(const ipc::ChannelSample& sample, std::chrono::nanoseconds now);
  /// Once a second: what is dearer to look at.
  void second(const ipc::ChannelObserver& observer, std::chrono::nanoseconds now);

  /// Fills in everything that needs a memory. `statistics`: also what is dear to compute.
  void show(observe::ChannelSnapshot& shown, bool statistics) const;
  /// For triggers: of several readers the one with the largest value.
  [[nodiscard]] std::optional<double> measure(config::Measure what, const config::Aggregate& how) const;

  /// The mean of the last second, for one reader.
  [[nodiscard]] double recent_fill(std::size_t reader) const;
  [[nodiscard]] double blocked_ratio() const { return blocked_ratio_; }
  [[nodiscard]] bool empty(std::size_t reader) const;
  [[nodiscard]] bool closed() const { return closed_; }

  // The last hour.
  History rates;
  History fills;
  History latency_p50;
  History latency_p99;

 private:
  struct Reader {
    SampleWindow fill;
    HistogramTrack latency;  ///< nanoseconds
    SampleWindow inflight;  ///< messages
    bool empty = true;
    double waiting_seconds = 0;
  };
  [[nodiscard]] std::optional<double> latency_of(const Reader& reader, const config::Aggregate& how) const;

  std::vector<Reader> readers_;
  SampleWindow rate_window_;
  double rate_ = 0;  ///< follows the last second or so
  std::uint64_t messages_ = 0;
  std::uint64_t blocked_ns_ = 0;
  bool closed_ = false;
  std::optional<std::chrono::nanoseconds> framed_at_;
  std::optional<std::chrono::nanoseconds> second_at_;
  std::uint64_t messages_then_ = 0;    ///< at second_at_, likewise the next
  std::uint64_t blocked_ns_then_ = 0;
  double blocked_ratio_ = 0;
  std::size_t frames_ = 0;         ///< since second_at_
  std::size_t frames_then_ = 1;    ///< that a second has
};

/// The part of `elapsed` that a counter of nanoseconds has grown by, 0 to 1.
[[nodiscard]] double ratio_of(std::uint64_t now_ns, std::uint64_t before_ns, std::chrono::nanoseconds elapsed);

}  // namespace steady::runtime
