// Read-only looks at segments, for status and metrics: what is shown is what the data path itself uses. Loop thread
// only. Every value is a copy; a value that cannot be right is clamped, since it is only shown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/histogram.hpp"
#include "base/result.hpp"
#include "ipc/layout.hpp"
#include "ipc/segment.hpp"

namespace steady::ipc {

struct ChannelSample {
  std::uint64_t tail_bytes = 0;
  std::uint64_t tail_messages = 0;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t blocked_ns = 0;  ///< including a sleep that lasts
  bool closed = false;
  std::uint64_t incarnation = 0;
  struct Reader {
    std::uint64_t incarnation = 0;
    std::uint64_t head_bytes = 0;
    std::uint64_t head_messages = 0;
  };
  std::vector<Reader> readers;
};

class ChannelObserver {
 public:
  /// Errors: as map_segment; NotFound when a file is missing.
  [[nodiscard]] static Result<ChannelObserver> open(const std::string& ring_path,
                                                    const std::vector<std::string>& reader_paths);
  [[nodiscard]] ChannelSample sample(std::uint64_t now_ns) const;
  /// Age of the messages that `reader` took, in nanoseconds, since its page was made.
  [[nodiscard]] Histogram latency(std::size_t reader) const;
  /// Another number whenever that has changed.
  [[nodiscard]] std::uint64_t latency_recorded(std::size_t reader) const;
  /// When the oldest message was published that is marked and that `reader` has not taken; 0: there is none.
  [[nodiscard]] std::uint64_t oldest_mark_ns(std::size_t reader) const;

 private:
  [[nodiscard]] std::uint64_t tail_messages() const;
  [[nodiscard]] std::uint64_t head_messages(const ReaderPage& page) const;

  Mapping ring_;
  std::uint64_t message_bytes_ = 0;  ///< a copy: the producer could spoil the word between a check and a division
  std::vector<Mapping> readers_;
};

struct ActorSample {
  std::uint64_t generation = 0;
  std::uint64_t steps = 0;
  std::uint64_t last_replay = 0;
  std::uint64_t suspect_reader = 0;  ///< as ProcessWords
  std::uint64_t suspect_sequence = 0;
  Activity activity = Activity::Starting;
  bool finished = false;
  std::string note;
  std::vector<std::uint64_t> metrics;  ///< raw words, in the order of the actor type
};

/// What an actor's thread has waited for in all, including a wait that lasts.
struct WaitSample {
  std::uint64_t input_ns = 0;
  std::uint64_t room_ns = 0;
  std::uint64_t timer_ns = 0;
};

class ActorObserver {
 public:
  [[nodiscard]] static Result<ActorObserver> open(const std::string& actor_path);
  [[nodiscard]] ActorSample sample() const;
  /// Only begun, returned and thread; cheap enough for many looks a second.
  struct Calls {
    std::uint64_t begun = 0;
    std::uint64_t returned = 0;
    int thread = 0;
  };
  [[nodiscard]] Calls calls() const;
  /// How long steps take, in nanoseconds, since the segment was made.
  [[nodiscard]] Histogram step() const;
  /// How many messages a step takes, or puts when it takes none.
  [[nodiscard]] Histogram batch() const;
  /// Other numbers whenever those have changed.
  [[nodiscard]] std::uint64_t step_recorded() const;
  [[nodiscard]] std::uint64_t batch_recorded() const;
  [[nodiscard]] WaitSample waits(std::uint64_t now_ns) const;
  /// As ActorSample::steps, without the rest.
  [[nodiscard]] std::uint64_t steps() const;

 private:
  Mapping mapping_;
};

}  // namespace steady::ipc
