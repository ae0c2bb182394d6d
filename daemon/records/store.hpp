// What steadyd remembers beyond its own life: incidents and dead letters, in one SQLite database in the state directory.
// Loop thread only. WAL, synchronous=NORMAL: a kill forgets nothing, a power loss may forget the last rows. A call
// writes to the disk's cache; the one that makes the log outgrow about 4 MiB also waits for the disk.
//
// Text may be any bytes and comes back as it was; only in the lists of an incident, bytes that are no UTF-8 come back
// as U+FFFD. Every call may also return Corrupt (the database was damaged while open), Exhausted, Busy or System;
// nothing is changed then.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "records/dead_letter.hpp"
#include "records/incident.hpp"

namespace steady::records {

class Database;

struct Limits {
  std::size_t incidents = 1'000;                        ///< the oldest go
  std::size_t letters = 100'000;                        ///< then no more is taken: nothing is thrown away unasked
  std::uint64_t letter_bytes = 1024ULL * 1024 * 1024;   ///< of payload, likewise
};

/// Which dead letters are meant. Empty fields mean any.
struct LetterFilter {
  std::string actor = {};
  std::string channel = {};
  std::string producer = {};
  std::optional<DeadLetter::State> state = {};
  bool dead = false;  ///< without those that an operator injected
};

class Store {
 public:
  struct Opened;

  /// Opens or makes the database at `path`. One that is damaged in any way is moved aside to PATH.damaged-N (with its
  /// -wal and -shm) and a fresh one takes its place: `set_aside` says why. A fresh one has the mode 0600, whatever the
  /// umask. Reads the whole file. Errors: Denied, Exhausted, Busy, NotFound (the directory), System, for what a fresh database could not
  /// cure either; they name the path.
  [[nodiscard]] static Result<Opened> open(const std::string& path, Limits limits = {});
  ~Store();

  // Incidents
  /// Stores it and returns its id; removes the oldest beyond the limit.
  [[nodiscard]] Result<std::int64_t> add(const Incident& incident);
  /// No error when the incident is already forgotten; nor from set_decision.
  [[nodiscard]] Status set_backtrace(std::int64_t incident, const std::vector<StackFrame>& frames);
  [[nodiscard]] Status set_decision(std::int64_t incident, const std::string& decision);
  /// Newest first; of one actor when `actor` is not empty.
  [[nodiscard]] Result<std::vector<Incident>> incidents(const std::string& actor, std::size_t limit) const;
  /// Errors: NotFound.
  [[nodiscard]] Result<Incident> incident(std::int64_t id) const;

  // Dead letters
  /// Stores a letter as Moving and returns its id. The same message of the same reader (channel, ring_incarnation, actor,
  /// port, sequence) is stored once: again it returns the first one's id. Errors: Exhausted when the limits are reached.
  /// Its id, state and ticket are the store's to give.
  [[nodiscard]] Result<std::int64_t> take(const DeadLetter& letter);
  /// Moving -> Held. Any other state stays as it is; no error when it is already forgotten.
  [[nodiscard]] Status held(std::int64_t id);
  /// Newest first, without payloads.
  [[nodiscard]] Result<std::vector<DeadLetter>> letters(const LetterFilter& filter, std::size_t limit) const;
  /// With its payload. Errors: NotFound.
  [[nodiscard]] Result<DeadLetter> letter(std::int64_t id) const;
  /// Held -> Replaying, with the next ticket of its producer, which is `least_ticket` or higher. One that is Replaying
  /// already keeps its ticket. Returns the letter with its payload. Errors: NotFound; Busy while it is Moving;
  /// Invalid when `least_ticket` leaves no room to grow.
  [[nodiscard]] Result<DeadLetter> begin_replay(std::int64_t id, std::uint64_t least_ticket);
  /// It is back on its channel: forgets it. No error when it is already forgotten.
  [[nodiscard]] Status replayed(std::int64_t id);
  /// The same for many, all or none.
  [[nodiscard]] Status replayed(const std::vector<std::int64_t>& ids);
  /// Stores messages that an operator injects, as letters that are Replaying, with consecutive tickets of `like.producer`
  /// from `least_ticket` or higher on; all or none. They are numbers `first` and following of the injection `like.port`;
  /// those that it has already stored are passed over, so that asking again does no harm. Returns the new letters, without
  /// payloads. Errors: Invalid when there is a gap before `first`; Exhausted when the limits are reached.
  [[nodiscard]] Result<std::vector<DeadLetter>> inject(const DeadLetter& like, std::uint64_t first,
                                                       const std::vector<std::string>& payloads,
                                                       std::uint64_t least_ticket);
  /// How many messages of an injection were ever stored.
  [[nodiscard]] Result<std::uint64_t> injected(const std::string& injection) const;
  /// Nobody will ask for it again.
  [[nodiscard]] Status forget_injection(const std::string& injection);
  /// Forgets Held letters for good; returns how many. Those that are Moving or Replaying are never touched.
  [[nodiscard]] Result<std::size_t> purge(const LetterFilter& filter);
  /// Errors: NotFound; Busy when it is not Held.
  [[nodiscard]] Status purge_one(std::int64_t id);
  /// Letters per actor that has any, of every state. Kept in memory: never waits.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& letter_counts() const { return letter_counts_; }

 private:
  Store(std::unique_ptr<Database> database, Limits limits);
  [[nodiscard]] Status count_letters();
  void forget(const std::string& actor, std::uint64_t payload_bytes);
  [[nodiscard]] Status check_room(std::size_t letters, std::uint64_t bytes) const;
  [[nodiscard]] Result<std::uint64_t> next_ticket(const std::string& producer, std::uint64_t least);
  template <class... Values>
  [[nodiscard]] Result<std::size_t> remove_letters(const std::string& which, const Values&... values);

  std::unique_ptr<Database> database_;
  Limits limits_;

  // What is in the database, counted: the limits and the metrics ask often, and there may be many letters.
  std::map<std::string, std::uint64_t> letter_counts_;  ///< by actor; never 0
  std::size_t letters_ = 0;
  std::uint64_t letter_bytes_ = 0;  ///< of their payload
};

struct Store::Opened {
  std::unique_ptr<Store> store;
  std::string set_aside;  ///< why an older database was moved away, and where to; empty: it was not
};

}  // namespace steady::records
