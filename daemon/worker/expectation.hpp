// When news is due. A thread that waits adaptively tells when its waits begin and end, and is told for the one that
// lasts what to do: look without a pause, or sleep, and until when. So it is awake when news comes that comes
// regularly, and when a deadline passes, and looks as little as that takes. Pure: the time is what it is told. One
// thread.
//
//   begin -- looks, as long as -- sleeps -- looks ------------------- sleeps until news
//            that paid of late            | aim     | at    | until
//                                         +-- lead -+       the news did not come
//
// Whatever the news does: the first looks last no longer than kWakeUpNs, about what it costs to be woken. All others
// take one part in kShare of the time, and what one moment takes. A moment that brought nothing is followed by no
// other before news came: who gets none sleeps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace steady::worker {

/// The last sixteen of something; all alike at first.
class Recent {
 public:
  static constexpr std::size_t kCount = 16;

  explicit Recent(std::uint64_t first) { values_.fill(first); }
  void add(std::uint64_t value) { values_[next_++ % kCount] = value; }
  /// The one that `rank` of them come before.
  [[nodiscard]] std::uint64_t ranked(std::size_t rank) const;

 private:
  std::array<std::uint64_t, kCount> values_{};
  std::size_t next_ = 0;
};

class Expectation {
 public:
  /// LIMITS: 12 us of the waker, and 18 to 31 until the sleeper runs.
  static constexpr std::uint64_t kWakeUpNs = 20'000;
  static constexpr std::uint64_t kShare = 4;
  /// What was not spent may be later, up to so much. As much is owed at most: whoever looked for longer was kept from
  /// running.
  static constexpr std::int64_t kMostSavedNs = 200'000;
  /// How long before a moment one gets up at most. Who oversleeps by more was kept from running, not from waking up.
  static constexpr std::uint64_t kMostLeadNs = 3 * kWakeUpNs;
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  enum class Do { Look, Sleep, Stop };
  struct Advice {
    Do what = Do::Stop;
    std::uint64_t until_ns = kNever;
  };

  /// A wait begins. Even without news it is over at `deadline_ns`.
  void begin(std::uint64_t now_ns, std::optional<std::uint64_t> deadline_ns);
  /// What to do now, since nothing came so far. Stop: the deadline has passed.
  [[nodiscard]] Advice next(std::uint64_t now_ns);
  /// News ended the wait. One that ended otherwise is not told, and teaches nothing.
  void came(std::uint64_t now_ns);

 private:
  /// A moment at which the wait is expected to end.
  struct Moment {
    enum class Kind { None, News, Deadline };
    Kind kind = Kind::None;
    std::uint64_t aim_ns = kNever;  ///< when to get up
    std::uint64_t at_ns = kNever;
    std::uint64_t until_ns = kNever;  ///< when to give it up
  };

  [[nodiscard]] std::uint64_t patience(std::uint64_t now_ns);
  [[nodiscard]] Moment first_moment(std::uint64_t now_ns) const;
  [[nodiscard]] Moment deadline() const;
  void note_wake_up(std::uint64_t now_ns);
  void charge(std::uint64_t now_ns);
  [[nodiscard]] std::uint64_t arrival(std::uint64_t now_ns);

  // What was learned.
  std::uint64_t patience_ns_ = kWakeUpNs;  ///< how long first looks pay; more than is ever used after one that did
  Recent intervals_{0};                    ///< between waits' ends, of those that outlasted the first looks
  std::uint64_t last_ns_ = 0;              ///< the last of these ends
  Recent news_leads_{kWakeUpNs};           ///< how long before the moment one should have got up: for news,
  Recent due_leads_{kWakeUpNs};            ///< and for deadlines
  std::int64_t credit_ns_ = 0;             ///< what may be spent on looking for moments
  std::uint64_t credited_ns_ = 0;
  std::uint64_t waits_ = 0;

  // This wait.
  std::uint64_t began_ns_ = 0;
  std::uint64_t deadline_ns_ = kNever;
  std::uint64_t patient_until_ns_ = 0;
  bool patient_ = false;  ///< its first looks are not over
  Moment moment_;
  bool sleeps_ = false;               ///< until the moment's aim
  bool slept_ = false;                ///< and did until then
  std::uint64_t looks_since_ns_ = 0;  ///< for the moment; 0: it does not
};

}  // namespace steady::worker
