// steadyd's side of shared memory: which files exist for which channel and actor, made, found again after a crash, set
// aside when they cannot be right, and removed. Loop thread only; may block on the file system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ipc/layout.hpp"
#include "ipc/position.hpp"
#include "ipc/segment.hpp"

namespace steady::ipc {

struct RingSpec {
  std::uint64_t capacity_bytes = 0;  ///< in flight at most; a multiple of message_bytes when that is not 0
  std::uint64_t message_bytes = 0;   ///< 0: frames
  std::uint64_t message_hash = 0;
};

struct ActorSpec {
  std::uint64_t state_bytes = 0;
  std::uint32_t state_version = 0;
  std::uint64_t metric_count = 0;
};

/// What became of one file.
struct Ensured {
  enum class How { Found, Created } how = How::Found;
  std::string set_aside;  ///< why an older file of that name was moved to the quarantine; empty: there was none
  std::string kept;       ///< why the found file differs from what was asked; empty: it does not
};

/// The segments in one directory.
class Segments {
 public:
  explicit Segments(std::string directory) : directory_(std::move(directory)) {}

  /// Makes the directory and its quarantine; removes half-made files. Errors: Denied, System.
  [[nodiscard]] Status prepare() const;

  [[nodiscard]] std::string ring_path(const std::string& channel) const;
  [[nodiscard]] std::string reader_path(const std::string& channel, const std::string& reader) const;
  [[nodiscard]] std::string actor_path(const std::string& actor) const;
  [[nodiscard]] std::string bell_path(const std::string& actor) const;

  /// Finds or creates a channel's ring and the pages of its readers ("actor.port" each). A ring that is
  /// found is kept when its messages have the same layout, even if its capacity differs. A new reader of an old ring
  /// begins at its tail. Errors: Exhausted (disk full), Denied, System; damage is no error, it is set aside.
  [[nodiscard]] Result<Ensured> ensure_channel(const std::string& channel, const RingSpec& spec,
                                               const std::vector<std::string>& readers) const;
  /// Finds or creates an actor's segment. One with a state of another size or version is kept as it is when it was ever
  /// committed; `kept` says so, and it is the worker's to migrate or to refuse.
  [[nodiscard]] Result<Ensured> ensure_actor(const std::string& actor, const ActorSpec& spec) const;
  [[nodiscard]] Result<Ensured> ensure_bell(const std::string& actor) const;

  /// Moves an actor's segment to PATH.old, for the worker to migrate from, and makes a fresh one. Until the worker has
  /// committed a state to the fresh one, the next ensure_actor() takes this back.
  [[nodiscard]] Status begin_migration(const std::string& actor, const ActorSpec& spec) const;
  [[nodiscard]] std::string old_actor_path(const std::string& actor) const { return actor_path(actor) + ".old"; }
  /// The migrated state is committed: the old one goes.
  void end_migration(const std::string& actor) const;

  /// Raises the actor's generation and zeroes the words of its process; returns the new one. The first start of a new
  /// segment gives 0. Only while no worker has it mapped.
  [[nodiscard]] Result<std::uint64_t> next_generation(const std::string& actor) const;

  /// Files here that belong to none of `channels` and `actors`: of another configuration, perhaps with messages in them.
  [[nodiscard]] std::vector<std::string> strangers(const std::vector<std::string>& channels,
                                                   const std::vector<std::string>& actors) const;

  /// Takes back that a stream had ended, and that an actor had. Only while no worker has them mapped.
  [[nodiscard]] Status reopen_channel(const std::string& channel) const;
  [[nodiscard]] Status reopen_actor(const std::string& actor) const;

  /// All at once: the directory is read only once, however many there are.
  void remove_channels(const std::vector<std::string>& channels) const;
  void remove_actor(const std::string& actor) const;

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  [[nodiscard]] Result<Mapping> ensure_ring(const std::string& path, const RingSpec& spec, Ensured& outcome) const;
  [[nodiscard]] Result<Ensured> ensure_reader(const std::string& path, const RingPage& ring, bool fresh_ring,
                                              Position tail) const;
  [[nodiscard]] Status quarantine(const std::string& path) const;
  void restore_unmigrated(const std::string& path) const;

  std::string directory_;
};

}  // namespace steady::ipc
