// A ledger with the metrics that show what it found.
#pragma once

#include <optional>
#include <steady/actor.hpp>
#include <string>

#include "ledger.hpp"

namespace steady::chaos {

/// A member of a relay or a sink; it brings the actor's State.
class Audit {
 public:
  explicit Audit(Actor& actor) : ledger_(actor), messages_(actor, "messages", "Items taken."),
        streams_(actor, "streams", "Streams that they belong to."),
        gaps_(actor, "gaps", "Items that did not come when they were due."),
        repeats_(actor, "repeats", "Items that came again, or after a later one."),
        wrong_(actor, "wrong", "Items that are not what was sent.") {}

  /// Enters what was taken; nullopt was unreadable.
  void enter(const std::optional<Item>& item) {
    messages_.add();
    if (!item) {
      wrong_.add();
      return;
    }
    const auto finding = ledger_->enter(*item);
    streams_.add(finding.streams);
    gaps_.add(finding.gaps);
    repeats_.add(finding.repeats);
    wrong_.add(finding.strangers);
  }

  /// What was found, for the log.
  [[nodiscard]] std::string text() const {
    return "end: messages=" + std::to_string(messages_.value()) + " streams=" + std::to_string(streams_.value()) +
           " gaps=" + std::to_string(gaps_.value()) + " repeats=" + std::to_string(repeats_.value()) +
           " wrong=" + std::to_string(wrong_.value());
  }

 private:
  State<Ledger> ledger_;
  Counter messages_;
  Counter streams_;
  Counter gaps_;
  Counter repeats_;
  Counter wrong_;
};

}  // namespace steady::chaos
