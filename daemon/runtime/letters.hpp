// Dead letters between the store and the channels: set aside, stepped over, put back. Each exactly once, whoever dies:
//
//   set aside: 1. the letter is stored, Moving  2. the reader's next generation is told to step over that very message and
//     does so in a commit of its own  3. the letter is Held. A death before 2 repeats 2; one before 3 finds the reader's
//     head behind the message and goes on with 3.
//   put back: 1. the letter becomes Replaying under a ticket  2. its channel's producer puts it at the end, and the same
//     commit remembers the ticket  3. the letter is forgotten. A death before 2 repeats 2; one before 3 finds the ticket
//     remembered and goes on with 3.
//
// A message that an operator injects is a letter too, which is Replaying from the start. The letters of a producer that has
// no process are put back by steadyd itself, with the same commit; see ipc/put_back.hpp.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ipc/protocol.hpp"
#include "records/store.hpp"
#include "runtime/blame.hpp"
#include "runtime/sampler.hpp"
#include "runtime/wiring.hpp"
#include "topology/plan.hpp"

namespace steady::runtime {

class Letters {
 public:
  /// Sends a command to the worker of an actor; false when it has none that is ready.
  using Send = std::function<bool(const std::string& actor, const ipc::Command& command)>;

  Letters(records::Store& store, const Wiring& wiring, const Sampler& sampler, Send send);

  /// Finds again what steadyd's last life left Moving or Replaying. Once, after the segments are there.
  [[nodiscard]] Status load();

  /// Stores the suspected message of `actor` as a letter; its worker is gone. Returns the letter's id.
  /// Errors: NotFound (it is no longer there), Exhausted (too many letters), Corrupt, System.
  [[nodiscard]] Result<std::int64_t> set_aside(const topology::Plan& plan, std::size_t actor, const Suspect& suspect,
                                               unsigned deaths, std::int64_t incident);

  /// Adds what the next generation of each actor in `order` has to step over.
  void fill(const topology::Plan& plan, ipc::WorkerPlan& order);

  /// What a producer that has just become ready has to put back, in the order of the tickets. One that is told twice
  /// does it once.
  [[nodiscard]] std::vector<ipc::Command> waiting_for(const topology::Plan& plan, const std::string& producer) const;

  void stepped_over(const std::string& actor, const std::string& channel, std::uint64_t sequence);
  void put_back(const std::string& actor, std::uint64_t ticket);

  struct Selection {
    std::vector<std::int64_t> ids;  ///< or, when empty, all that the filter finds
    records::LetterFilter filter;
    bool all_readers = false;       ///< also where a channel has readers besides the one that died
  };
  struct Replayed {
    std::size_t sent = 0;
    std::size_t waiting = 0;         ///< for their producer to run
    std::vector<std::string> notes;  ///< one per letter that stays where it is, and why
  };
  [[nodiscard]] Result<Replayed> replay(const topology::Plan& plan, const Selection& selection);
  [[nodiscard]] Result<std::size_t> purge(const Selection& selection);

  /// Stores messages for a channel as numbers `first` and following of `injection`, and sends them on their way. One that
  /// the injection has stored before is passed over. Errors: Invalid, Exhausted, those of the store.
  [[nodiscard]] Status inject(const topology::Plan& plan, const topology::PlannedChannel& channel,
                              const std::string& injection, std::uint64_t first,
                              const std::vector<std::string>& payloads);
  struct Injected {
    std::uint64_t stored = 0;   ///< ever
    std::uint64_t waiting = 0;  ///< of those, not yet in the ring
    std::string why;            ///< what keeps steadyd from putting them, if that is more than a lack of room
  };
  [[nodiscard]] Result<Injected> injected(const std::string& injection) const;
  [[nodiscard]] Status forget_injection(const std::string& injection) { return store_.forget_injection(injection); }

  /// Puts back what waits for producers that have no process, as far as there is room. `dormant` says which have none.
  void put_for_dormant(const topology::Plan& plan, const std::function<bool(std::size_t actor)>& dormant,
                       ipc::FenceMode fence);

  /// Forgets the letters whose tickets their producers remember: before segments are removed.
  void settle(const topology::Plan& plan);

 private:
  void put_for(const topology::Plan& plan, std::size_t producer, ipc::FenceMode fence);
  [[nodiscard]] Status replay_one(const topology::Plan& plan, std::int64_t id, bool all_readers, Replayed& outcome);
  [[nodiscard]] std::uint64_t held_up_from(const topology::Plan& plan, const std::string& producer) const;
  [[nodiscard]] bool still_fits(const topology::Plan& plan, const records::DeadLetter& letter) const;
  [[nodiscard]] static ipc::Command command_for(const records::DeadLetter& letter);

  records::Store& store_;
  const Wiring& wiring_;
  const Sampler& sampler_;
  Send send_;
  std::map<std::int64_t, records::DeadLetter> moving_;  ///< without payloads
  std::map<std::int64_t, records::DeadLetter> replaying_;
  std::map<std::string, std::string> obstacles_;  ///< by producer: why its letters cannot be put back for it
};

}  // namespace steady::runtime
