// Careful mode: after a death the messages that the dead generation may have had before it are shown one by one, so that
// the guilty one is alone when it kills again. Costs nothing once they are past. Owned by the actor's thread.
//
// One step shows one message of one input, as far as the actor's own conditions allow:
//   - the step's clause names no input: by turns nothing and one message, so that a fault of the timer or of the state
//     dies with no message to blame;
//   - the clause names several inputs, or more than one message: what it asks for, and nobody can be blamed;
//   - the step took nothing although its clause held: every input with a message shows one, then 2, 4, 8 ... until
//     something is taken. Nobody can be blamed for these either.
#pragma once

#include <cstdint>
#include <optional>

#include "worker/actor_io.hpp"

namespace steady::worker {

class Careful {
 public:
  explicit Careful(ActorIo& io) : io_(io) {}

  /// The last generation died: begins at the present heads and ends behind all that it may have been shown. Call once,
  /// after the views are filled.
  void begin();

  /// While some message may be the guilty one.
  [[nodiscard]] bool active() const { return active_; }

  /// Narrows the views of a step that runs for `clause` (none: the actor has no conditions), and names its lone message
  /// as the suspect.
  void narrow(std::optional<std::uint32_t> clause);

  /// The step is committed: nobody is suspect. `took`: it took messages. Returns whether a step that did nothing may have
  /// lacked what was hidden.
  [[nodiscard]] bool settle(bool took);

 private:
  void show(InputLane& lane, std::uint64_t messages);
  void show_for(std::uint32_t clause);
  void show_next();
  void show_all();
  void arm();
  void disarm();
  [[nodiscard]] bool names_an_input(std::uint32_t clause) const;

  ActorIo& io_;
  bool active_ = false;
  bool hidden_ = false;            ///< this step does not see all that it would see otherwise
  bool nothing_last_ = false;      ///< the last step whose clause names no input saw none
  std::uint64_t fruitless_ = 0;    ///< steps in a row that took nothing
  std::size_t turn_ = 0;           ///< the lane to look at first
};

}  // namespace steady::worker
