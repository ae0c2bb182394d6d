// From a plan to shared memory: which segments exist, and which descriptors each worker gets. Loop thread only; may
// block on the file system.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "ipc/fence.hpp"
#include "ipc/protocol.hpp"
#include "ipc/put_back.hpp"
#include "ipc/segments.hpp"
#include "runtime/plugins.hpp"
#include "topology/plan.hpp"

namespace steady::runtime {

/// A file as a worker was given it; `inode` 0: there was none of that name.
struct GivenFile {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

/// All that a worker is started with. `fds[i]` is descriptor process::kFirstInheritedFd + i in the worker.
struct WorkerOrder {
  ipc::WorkerPlan plan;
  std::vector<UniqueFd> owned;
  std::vector<int> fds;
  int crash_page = -1;  ///< our own descriptor of what the process may leave behind; among `owned`
  std::vector<GivenFile> files;  ///< of a spare: what it is given, for is_current()
};

/// What is the same for every worker.
struct WorkerSettings {
  ipc::FenceMode fence = ipc::FenceMode::Full;
  bool sampling = true;
  bool standby = false;  ///< the worker is a spare
};

class Wiring {
 public:
  /// Channels and memory-lived state in `runtime_directory`, disk-lived state in `state_directory`.
  Wiring(const std::string& runtime_directory, const std::string& state_directory)
      : runtime_directory_(runtime_directory),
        memory_(runtime_directory + "/segments"),
        disk_(state_directory + "/segments") {}

  /// Makes the directories and every segment of the plan, or finds them again. Logs what had to be set aside.
  /// Errors: a full disk, missing rights.
  [[nodiscard]] Status prepare(const topology::Plan& plan);
  /// The same for one worker's actors and their channels, after a plugin changed.
  [[nodiscard]] Status prepare_worker(const topology::Plan& plan, std::size_t worker);

  /// Lets the worker's streams begin anew. Only while it does not run.
  [[nodiscard]] Status reopen(const topology::Plan& plan, std::size_t worker) const;

  /// Opens what the worker needs, reads and writes as it may.
  [[nodiscard]] Result<WorkerOrder> order_for(const topology::Plan& plan, std::size_t worker, const Plugins& plugins,
                                              const WorkerSettings& settings);
  /// Makes the crash page of the next order, unless there is one: at leisure, or else order_for() does.
  [[nodiscard]] Status prepare_crash_page();
  /// Raises the generations of the worker's actors and enters them into `order`. Only while it does not run.
  [[nodiscard]] Status raise_generations(const topology::Plan& plan, std::size_t worker, ipc::WorkerPlan& order) const;
  /// Enters the thresholds and windows of now into `order`.
  static void tune(const topology::Plan& plan, std::size_t worker, ipc::WorkerPlan& order);
  /// Whether each of these names still means the file that it meant.
  [[nodiscard]] static bool is_current(const std::vector<GivenFile>& files);

  /// Maps the ends of an actor that has no process, to put messages into its channels. Errors: as DormantActor's; Busy
  /// while its state waits to be taken over by a new version of its plugin.
  [[nodiscard]] Result<std::unique_ptr<ipc::DormantActor>> wake(const topology::Plan& plan, std::size_t actor) const;

  void end_migration(const topology::PlannedActor& actor) { store_of(actor).end_migration(actor.spec.name); }

  /// Removes all that a drained graph leaves: channels and memory-lived state.
  void remove_drained(const topology::Plan& plan) const;

  [[nodiscard]] std::string ring_path(const topology::PlannedChannel& channel) const;
  [[nodiscard]] std::vector<std::string> reader_paths(const topology::PlannedChannel& channel,
                                                      const topology::Plan& plan) const;
  /// The doorbell of the thread that runs this actor.
  [[nodiscard]] std::string bell_path(const topology::Plan& plan, std::size_t actor) const;
  [[nodiscard]] std::string actor_path(const topology::PlannedActor& actor) const;

  /// What two ends of this channel must agree on, as one number.
  [[nodiscard]] std::uint64_t message_hash(const topology::PlannedChannel& channel) const;

  /// Files that could not be right and were moved aside since start.
  void note_quarantined() { ++quarantined_; }
  [[nodiscard]] std::uint64_t quarantined() const { return quarantined_; }

 private:
  class Descriptors;
  [[nodiscard]] ipc::ActorPlan order_actor(const topology::Plan& plan, std::size_t index, const Plugins& plugins,
                                           Descriptors& descriptors) const;
  [[nodiscard]] ipc::InputPlan order_input(const topology::Plan& plan, const topology::PlannedActor& actor,
                                           const topology::End& end, Descriptors& descriptors) const;
  [[nodiscard]] ipc::OutputPlan order_output(const topology::Plan& plan, const topology::PlannedActor& actor,
                                             const topology::End& end, Descriptors& descriptors) const;
  [[nodiscard]] const ipc::Segments& store_of(const topology::PlannedActor& actor) const;
  [[nodiscard]] Status prepare_channel(const topology::Plan& plan, const topology::PlannedChannel& channel);
  [[nodiscard]] Status prepare_actor(const topology::PlannedActor& actor);
  void report_strangers(const topology::Plan& plan) const;
  void report(const std::string& what, const ipc::Ensured& ensured);

  std::string runtime_directory_;
  ipc::Segments memory_;
  ipc::Segments disk_;
  UniqueFd worker_lock_;  ///< of all workers; from prepare() on
  UniqueFd blank_crash_page_;  ///< for the next order, if there is one
  std::uint64_t quarantined_ = 0;
};

}  // namespace steady::runtime
