// Which message is to blame for the deaths of one actor. Pure.
//
// Only a message that was alone in its step is ever counted, and only deaths in a row on the same one. A step that had
// several messages before it, of one input or of several, says nothing about any of them: after such a death the next
// generation starts in careful mode (worker/careful.hpp), which gets them apart as far as the actor's conditions allow.
#pragma once

#include <cstdint>
#include <optional>

namespace steady::runtime {

/// The message that was alone in the step that did not return.
struct Suspect {
  std::uint64_t reader = 0;    ///< incarnation of the reader's page
  std::uint64_t sequence = 0;

  [[nodiscard]] bool operator==(const Suspect&) const = default;
};

class Blame {
 public:
  /// Its own code died, with that message before it or with none alone. Returns how often in a row it has died on it.
  unsigned note_death(const std::optional<Suspect>& suspect);

  /// Deaths in a row that led to the present suspicion: those on the message, and the one before it was alone.
  [[nodiscard]] unsigned deaths() const { return deaths_ + unexplained_; }

  /// The message is out of the way, or something else ended the process.
  void forget() { *this = Blame(); }

 private:
  std::optional<Suspect> suspect_;
  unsigned deaths_ = 0;
  unsigned unexplained_ = 0;  ///< right before: the death that made the next generation careful
};

}  // namespace steady::runtime
