#include "demo/auditor.hpp"

#include <algorithm>
#include <cstdio>
#include <type_traits>

namespace steady::demo {
namespace {

constexpr std::size_t kPeriod = 15;
constexpr std::size_t kBlock = 16 * kPeriod;
constexpr std::chrono::seconds kShowEvery{1};

/// Found by striking out multiples, not by dividing: an error in FizzBuzz is not repeated here.
constexpr auto kPattern = [] {
  std::array<std::uint64_t, kBlock + kPeriod> pattern{};
  for (std::size_t i = 0; i < pattern.size(); i += 3) pattern[i] += kFizz;
  for (std::size_t i = 0; i < pattern.size(); i += 5) pattern[i] += kBuzz;
  return pattern;
}();

/// Whether these at most kBlock verdicts are the right ones on first, first + 1, ... No branch inside: the common case.
bool as_expected(std::span<const Verdict> block, std::uint64_t first) {
  const std::uint64_t* const pattern = kPattern.data() + first % kPeriod;
  const Verdict* const verdicts = block.data();
  std::uint64_t difference = 0;
  for (std::size_t i = 0, count = block.size(); i < count; ++i) {
    difference |= verdicts[i].value ^ (first + i);
    difference |= verdicts[i].kind ^ pattern[i];
  }
  return difference == 0;
}

}  // namespace

static_assert(std::is_trivially_copyable_v<Ledger>);

void Ledger::check(std::span<const Verdict> verdicts, Findings& findings) {
  for (std::size_t done = 0; done < verdicts.size();) {
    const auto block = verdicts.subspan(done, std::min(kBlock, verdicts.size() - done));
    if (as_expected(block, expected_))
      expected_ += block.size();
    else
      check_each(block, findings);
    done += block.size();
  }
}

void Ledger::check_each(std::span<const Verdict> verdicts, Findings& findings) {
  for (const Verdict& verdict : verdicts) {
    if (verdict.kind != kPattern[verdict.value % kPeriod]) ++findings.wrong;
    if (verdict.value < expected_) {
      ++(fill(verdict.value) ? findings.disorder : findings.duplicates);
      continue;
    }
    if (verdict.value > expected_) {
      findings.gaps += verdict.value - expected_;
      remember({expected_, verdict.value});
    }
    expected_ = verdict.value + 1;
  }
}

void Ledger::remember(Hole hole) {
  const auto unused = std::find_if(holes_.begin(), holes_.end(), [](const Hole& old) { return old.begin == old.end; });
  (unused != holes_.end() ? *unused : holes_[oldest_++ % kHoles]) = hole;
}

/// Takes `value` out of the hole that it was missing from; false when it was missing from none.
bool Ledger::fill(std::uint64_t value) {
  for (Hole& hole : holes_) {
    if (value < hole.begin || value >= hole.end) continue;
    const Hole behind{value + 1, hole.end};
    hole.end = value;
    if (hole.begin == hole.end)
      hole = behind;
    else if (behind.begin != behind.end)
      remember(behind);
    return true;
  }
  return false;
}

void Auditor::start() {
  crash_.arm(now(), generation());
  shown_at_ = now();
  shown_checked_ = checked_.value();
  if (!progress_.value().started) progress_.change() = {true, Ledger(static_cast<std::uint64_t>(*start_))};
}

void Auditor::step() {
  const auto verdicts = verdicts_.take();
  Ledger::Findings findings;
  progress_->ledger.check(verdicts, findings);
  checked_.add(verdicts.size());
  report(findings);

  const auto time = now();
  crash_.maybe(time);
  if (time - shown_at_ >= kShowEvery) show(time);
}

bool Auditor::finish() {
  show(now());
  return true;
}

void Auditor::report(const Ledger::Findings& findings) {
  gaps_.add(findings.gaps);
  duplicates_.add(findings.duplicates);
  disorder_.add(findings.disorder);
  wrong_.add(findings.wrong);
}

void Auditor::show(std::chrono::nanoseconds now) {
  const double seconds = std::max(std::chrono::duration<double>(now - shown_at_).count(), 1e-9);
  const double rate = static_cast<double>(checked_.value() - shown_checked_) / seconds;
  note(short_count(static_cast<double>(checked_.value())) + " checked, " + short_count(rate) + "/s, " +
       std::to_string(gaps_.value()) + " gaps, " + std::to_string(duplicates_.value()) + " duplicates, " +
       std::to_string(disorder_.value()) + " out of order, " + std::to_string(wrong_.value()) + " wrong");
  shown_at_ = now;
  shown_checked_ = checked_.value();
}

std::string short_count(double count) {
  static constexpr std::array<const char*, 6> kUnits{"", " k", " M", " G", " T", " P"};
  std::size_t unit = 0;
  for (; count >= 999.5 && unit + 1 < kUnits.size(); ++unit) count /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f%s", unit > 0 && count < 9.95 ? 1 : 0, count, kUnits[unit]);
  return text.data();
}

}  // namespace steady::demo
