// The sink that proves it: every number once, in order, judged rightly.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <steady/actor.hpp>
#include <string>

#include "demo/crash.hpp"
#include "demo/messages.hpp"

namespace steady::demo {

/// What was seen of a sequence that should count upwards. Trivially copyable: it is kept as State.
///
/// A number that is skipped when it was due is a gap. A number below the expected one is out of order if it was skipped
/// before, and else a duplicate. Up to kHoles stretches of skipped numbers are remembered; a number that comes late
/// from a forgotten one is counted as a duplicate.
class Ledger {
 public:
  struct Findings {
    std::uint64_t gaps = 0;  // numbers skipped
    std::uint64_t duplicates = 0;
    std::uint64_t disorder = 0;
    std::uint64_t wrong = 0;  // verdicts that do not fit their number
  };

  Ledger() = default;
  explicit Ledger(std::uint64_t first) : expected_(first) {}

  /// Goes through the verdicts and adds to `findings` what is not as it should be.
  void check(std::span<const Verdict> verdicts, Findings& findings);

  /// The number that is due next.
  [[nodiscard]] std::uint64_t expected() const { return expected_; }

 private:
  static constexpr std::size_t kHoles = 32;
  struct Hole {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  // one past; begin == end: unused
  };

  void check_each(std::span<const Verdict> verdicts, Findings& findings);
  void remember(Hole hole);
  bool fill(std::uint64_t value);

  std::uint64_t expected_ = 0;
  std::array<Hole, kHoles> holes_{};
  std::uint64_t oldest_ = 0;  // whose turn it is to be forgotten when all are in use
};

class Auditor final : public Actor {
 public:
  static constexpr About kAbout{"auditor", "Proves that verdicts come complete, once, in order and right."};

  void start() override;
  void step() override;
  bool finish() override;

 private:
  struct Progress {
    bool started = false;
    Ledger ledger;
  };

  void report(const Ledger::Findings& findings);
  void show(std::chrono::nanoseconds now);

  Input<Verdict> verdicts_{*this, "verdicts", "the verdicts on start, start + 1, ..."};
  Parameter<std::int64_t> start_{*this, "start", "0", "the number that the sequence starts with"};
  State<Progress> progress_{*this};
  Counter checked_{*this, "checked", "Verdicts looked at."};
  Counter gaps_{*this, "gaps", "Numbers that did not come when they were due."};
  Counter duplicates_{*this, "duplicates", "Numbers that came again."};
  Counter disorder_{*this, "disorder", "Numbers that came after a larger one."};
  Counter wrong_{*this, "wrong", "Verdicts that do not fit their number."};
  Crash crash_{*this};

  std::chrono::nanoseconds shown_at_{};
  std::uint64_t shown_checked_ = 0;
};

/// "950", "3.2 G", "412 M": three digits at most, in powers of 1000.
[[nodiscard]] std::string short_count(double count);

}  // namespace steady::demo
