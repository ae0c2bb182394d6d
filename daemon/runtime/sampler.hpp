// Fills the Snapshot that every view is made from: shared memory, the supervision tree and /proc, copied at one instant.
// Loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ipc/observer.hpp"
#include "observe/snapshot.hpp"
#include "observe/waits.hpp"
#include "records/incident.hpp"
#include "runtime/actor_track.hpp"
#include "runtime/channel_track.hpp"
#include "runtime/drain.hpp"
#include "runtime/wiring.hpp"
#include "supervision/tree.hpp"
#include "topology/plan.hpp"

namespace steady::runtime {

/// What the daemon knows of a worker besides the tree: filled by the daemon, read by the sampler.
struct WorkerFacts {
  int pid = 0;
  std::uint64_t memory_bytes = 0;  ///< at the last look
  std::uint64_t turns = 0;         ///< Sampler::turns() at the last look
  std::map<std::string, std::uint64_t> restarts;   ///< by cause
  std::map<std::string, std::uint64_t> incidents;  ///< by cause
  std::map<std::string, std::uint64_t> dead_letters;  ///< by actor, since steadyd started
  std::string last_end;                           ///< why the last generation ended, in words
  std::string standby;  ///< of its spare: none, starting or ready; empty: it is to have none
  int standby_pid = 0;  ///< 0: no process
};

class Sampler {
 public:
  /// Opens what can be observed; what cannot shows as zeros. Call again after segments changed.
  void observe(const topology::Plan& plan, const Wiring& wiring);

  /// What it looks at, beside shared memory.
  struct Scene {
    const topology::Plan& plan;
    const supervision::Tree& tree;
    const std::vector<WorkerFacts>& workers;
    std::chrono::nanoseconds now;
  };
  /// Once per frame: remembers what is there, asks the kernel about some threads, and once a second works out the rest.
  void tick(const Scene& scene);
  /// The worker's process is gone.
  void ended(const topology::Plan& plan, std::size_t worker);

  /// Statistics take time to compute; who does not show them leaves them out.
  enum class With { Statistics, NoStatistics };
  [[nodiscard]] observe::Snapshot snapshot(const Scene& scene, With with = With::Statistics) const;

  /// What is remembered, for triggers and charts; by index of the plan.
  [[nodiscard]] const ChannelTrack& channel_track(std::size_t channel) const { return channel_tracks_[channel]; }
  [[nodiscard]] const ActorTrack& actor_track(std::size_t actor) const { return actor_tracks_[actor]; }

  /// How old the messages were that a reader took, since its page was made; nothing when it cannot be seen.
  [[nodiscard]] Histogram latency(std::size_t channel, std::size_t reader) const;
  /// How long the channel's producer has waited for room in all, and how many messages it has sent.
  [[nodiscard]] ipc::ChannelSample channel(std::size_t channel, std::chrono::nanoseconds now) const;

  /// Whether every actor of the worker has brought its streams to their end.
  [[nodiscard]] bool finished(const topology::Plan& plan, std::size_t worker) const;
  /// Adds every channel, once per reader.
  void describe_channels(const topology::Plan& plan, DrainView& view) const;
  [[nodiscard]] std::uint64_t generation(std::size_t actor) const;
  [[nodiscard]] ipc::ActorObserver::Calls calls(std::size_t actor) const;
  /// How often the worker's actors had been put on a core when their threads were looked at last: the same number, and
  /// all of them have slept.
  [[nodiscard]] std::uint64_t turns(const topology::Plan& plan, std::size_t worker) const;
  /// The actor's words now; zeros when they cannot be seen.
  [[nodiscard]] ipc::ActorSample actor(std::size_t actor) const;
  /// Where a reader stands; empty when there is no such reader, or it cannot be seen.
  struct ReaderPlace {
    std::uint64_t ring_incarnation = 0;
    std::uint64_t next = 0;  ///< number of the message that it takes next
  };
  [[nodiscard]] std::optional<ReaderPlace> reader_of(const topology::Plan& plan, const std::string& channel,
                                                     const std::string& actor, const std::string& port) const;
  /// The highest ticket of a dead letter that this actor has put back; 0 when there is none.
  [[nodiscard]] std::uint64_t last_replay(const topology::Plan& plan, const std::string& actor) const;
  /// Adds where every end of the actor stands, without the messages.
  void describe_ports(const topology::Plan& plan, std::size_t actor, std::vector<records::PortPosition>& ports) const;

 private:
  void look_at_threads(const Scene& scene);
  void second(const Scene& scene);
  [[nodiscard]] observe::WaitView wait_view(const topology::Plan& plan, const supervision::Tree& tree) const;
  void add_waits(observe::Snapshot& snapshot) const;
  [[nodiscard]] observe::ChannelSnapshot show_channel(const Scene& scene, std::size_t index, With with) const;
  [[nodiscard]] observe::ActorSnapshot show_actor(const Scene& scene, std::size_t index, With with) const;

  std::vector<std::optional<ipc::ChannelObserver>> channels_;
  std::vector<std::optional<ipc::ActorObserver>> actors_;
  std::vector<ChannelTrack> channel_tracks_;
  std::vector<ActorTrack> actor_tracks_;
  std::vector<process::CoreMeter> meters_;  ///< per actor
  observe::WaitGraph waits_;  ///< of the last second
  std::optional<std::chrono::nanoseconds> second_at_;
  std::size_t next_thread_ = 0;  ///< actor to look at next
};

}  // namespace steady::runtime
