#include "worker/expectation.hpp"

#include <algorithm>
#include <utility>

namespace steady::worker {
namespace {

/// One wait in so many looks at first as long as any may, to see whether that pays again. Odd: where waits for an
/// answer and for the next question take turns, it is the turn of both.
constexpr std::uint64_t kProbe = 15;
/// What first looks in vain take of the patience: they pay where one in three is not.
constexpr std::uint64_t kDisappointment = 4;
/// Less patience is not worth its readings of the clock.
constexpr std::uint64_t kLeastPatienceNs = 1'000;
/// How much earlier to get up than it was too late to.
constexpr std::uint64_t kEarlierNs = Expectation::kWakeUpNs / 2;
/// How long to look for regular news after its moment, at least.
constexpr std::uint64_t kLeastHoldNs = 2'000;

// Of the last sixteen. Two that are far off do not make the news irregular, nor one a lead longer.
constexpr std::size_t kEarly = 2;
constexpr std::size_t kMiddle = Recent::kCount / 2;
constexpr std::size_t kLate = Recent::kCount - 3;
constexpr std::size_t kAlmostAll = Recent::kCount - 2;

std::int64_t signed_ns(std::uint64_t ns) { return static_cast<std::int64_t>(ns); }

}  // namespace

std::uint64_t Recent::ranked(std::size_t rank) const {
  auto sorted = values_;
  const auto place = sorted.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(sorted.begin(), place, sorted.end());
  return *place;
}

void Expectation::begin(std::uint64_t now_ns, std::optional<std::uint64_t> deadline_ns) {
  const std::uint64_t earned_ns = (now_ns - std::exchange(credited_ns_, now_ns)) / kShare;
  credit_ns_ = std::min(credit_ns_ + std::min(signed_ns(earned_ns), 2 * kMostSavedNs), kMostSavedNs);
  began_ns_ = now_ns;
  deadline_ns_ = std::max(deadline_ns.value_or(kNever), now_ns);
  patient_until_ns_ = now_ns + patience(now_ns);
  patient_ = true;
  sleeps_ = slept_ = false;
  looks_since_ns_ = 0;
}

Expectation::Advice Expectation::next(std::uint64_t now_ns) {
  note_wake_up(now_ns);
  charge(now_ns);
  if (now_ns >= deadline_ns_) return {Do::Stop, deadline_ns_};
  if (now_ns < patient_until_ns_) return {Do::Look, patient_until_ns_};
  if (std::exchange(patient_, false)) {
    patience_ns_ -= patience_ns_ / kDisappointment;
    moment_ = first_moment(now_ns);
  }
  if (now_ns >= moment_.until_ns) moment_ = deadline();
  sleeps_ = now_ns < moment_.aim_ns;
  if (sleeps_) return {Do::Sleep, moment_.aim_ns};
  looks_since_ns_ = now_ns;
  return {Do::Look, moment_.until_ns};
}

void Expectation::came(std::uint64_t now_ns) {
  if (patient_) {  // twice of that is enough for some in vain, too
    patience_ns_ = std::max(patience_ns_, std::min(2 * (now_ns - began_ns_), 2 * kWakeUpNs));
    return;
  }
  const std::uint64_t came_ns = arrival(now_ns);
  charge(now_ns);
  intervals_.add(came_ns - std::exchange(last_ns_, came_ns));
}

/// How long to look at first: what paid of late. For a deadline that is nearer than a sleep is short: until then.
std::uint64_t Expectation::patience(std::uint64_t now_ns) {
  const std::uint64_t left_ns = deadline_ns_ - now_ns;
  if (left_ns <= kWakeUpNs) return left_ns;
  if (++waits_ % kProbe == 0) return kWakeUpNs;
  return patience_ns_ < kLeastPatienceNs ? 0 : std::min(patience_ns_, kWakeUpNs);
}

/// The news, if it comes regularly and there is credit to look for it; else the deadline.
Expectation::Moment Expectation::first_moment(std::uint64_t now_ns) const {
  const std::uint64_t usual_ns = intervals_.ranked(kMiddle);
  const std::uint64_t late_ns = intervals_.ranked(kLate);
  const std::uint64_t at_ns = last_ns_ + usual_ns;
  const std::uint64_t until_ns = at_ns + 2 * (late_ns - usual_ns) + kLeastHoldNs;
  const bool regular = usual_ns > kWakeUpNs && late_ns - intervals_.ranked(kEarly) <= kWakeUpNs * 3 / 2;
  if (!regular || credit_ns_ <= 0 || until_ns <= now_ns || at_ns >= deadline_ns_) return deadline();
  return {Moment::Kind::News, at_ns - news_leads_.ranked(kAlmostAll), at_ns, std::min(until_ns, deadline_ns_)};
}

Expectation::Moment Expectation::deadline() const {
  if (deadline_ns_ == kNever) return {};
  const std::uint64_t lead_ns = credit_ns_ > 0 ? due_leads_.ranked(kAlmostAll) : 0;
  return {Moment::Kind::Deadline, deadline_ns_ - lead_ns, deadline_ns_, deadline_ns_};
}

/// What a sleep until a moment's aim teaches: how much later than it meant to the thread got up.
void Expectation::note_wake_up(std::uint64_t now_ns) {
  if (!std::exchange(sleeps_, false) || now_ns < moment_.aim_ns) return;
  slept_ = true;
  if (moment_.kind == Moment::Kind::Deadline) due_leads_.add(std::min(now_ns - moment_.aim_ns, kMostLeadNs));
}

void Expectation::charge(std::uint64_t now_ns) {
  if (looks_since_ns_ == 0) return;
  const std::uint64_t looked_ns = now_ns - std::exchange(looks_since_ns_, 0);
  credit_ns_ = std::max(credit_ns_ - signed_ns(looked_ns), -kMostSavedNs);
}

/// When the news came that the thread has at `now_ns`, and what that teaches about the time to get up. One that was
/// asleep until now does not know since when it is there: since it was due, at the latest.
std::uint64_t Expectation::arrival(std::uint64_t now_ns) {
  if (moment_.kind != Moment::Kind::News) return now_ns;
  const std::uint64_t lead_ns = moment_.at_ns - moment_.aim_ns;
  if (sleeps_) {
    news_leads_.add(std::min(lead_ns + kEarlierNs, kMostLeadNs));
    return std::min(now_ns, moment_.at_ns);
  }
  if (slept_) news_leads_.add(lead_ns - std::min(lead_ns, now_ns - looks_since_ns_));
  return now_ns;
}

}  // namespace steady::worker
