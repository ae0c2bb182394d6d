#include "worker/expectation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

namespace steady::worker {
namespace {

constexpr std::uint64_t kUs = 1'000;
constexpr std::uint64_t kMs = 1'000 * kUs;
constexpr std::uint64_t kNever = Expectation::kNever;
constexpr std::uint64_t kWakeUpNs = Expectation::kWakeUpNs;
constexpr auto kSavedNs = static_cast<std::uint64_t>(Expectation::kMostSavedNs);

/// A thread that does what it is advised, on a machine like the one in LIMITS: who sleeps until a moment gets up some
/// 17 us after it, now and then much later, and who is rung 30 us later.
class Thread {
 public:
  explicit Thread(unsigned seed) : random_(seed) {}

  /// One wait: for news that comes at `at_ns`, or for the deadline; true when it was the news.
  bool wait(std::uint64_t at_ns, std::uint64_t deadline_ns = kNever) {
    if (at_ns <= now_ns + kUs / 2) return note(at_ns);  // found before there is a question
    began_ns_ = now_ns;
    looks_beyond_ = false;
    sleeps = 0;
    expectation.begin(now_ns, deadline_ns == kNever ? std::nullopt : std::optional(deadline_ns));
    for (;;) {
      const Expectation::Advice advice = expectation.next(now_ns);
      if (advice.what == Expectation::Do::Stop) {
        CHECK(now_ns >= deadline_ns);
        return note(deadline_ns) && false;
      }
      REQUIRE(advice.until_ns > now_ns);
      REQUIRE(advice.until_ns <= deadline_ns);
      const bool looks = advice.what == Expectation::Do::Look;
      const bool came = looks ? look(at_ns, advice.until_ns) : sleep(at_ns, advice.until_ns);
      if (!came) continue;
      expectation.came(now_ns);
      return note(at_ns);
    }
  }
  /// News after each `interval`, each received and worked on for a microsecond.
  void stream(int count, const std::function<std::uint64_t()>& interval) {
    for (int i = 0; i < count; ++i) {
      wait(news_ns += interval());
      now_ns += kUs;
    }
  }
  void count_from_here() {
    late_ns.clear();
    first_looks_ns = looks_ns = wake_ups = 0;
    counted_from_ns_ = now_ns;
  }
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  [[nodiscard]] std::uint64_t poisson(std::uint64_t mean) {
    return static_cast<std::uint64_t>(std::exponential_distribution(1.0 / static_cast<double>(mean))(random_));
  }
  [[nodiscard]] bool chance(double part) { return std::bernoulli_distribution(part)(random_); }
  /// How much later than it was there the thread had what it waited for: so much or less in that part of all cases.
  [[nodiscard]] std::uint64_t late(double part) {
    std::ranges::sort(late_ns);
    return late_ns.at(static_cast<std::size_t>(part * static_cast<double>(late_ns.size() - 1)));
  }
  [[nodiscard]] double part(std::uint64_t ns) const {
    return static_cast<double>(ns) / static_cast<double>(now_ns - counted_from_ns_);
  }

  Expectation expectation;
  std::uint64_t now_ns = 1'000 * kMs;
  std::uint64_t news_ns = now_ns;
  std::vector<std::uint64_t> late_ns;
  std::uint64_t first_looks_ns = 0;
  std::uint64_t looks_ns = 0;  ///< all others
  std::uint64_t wake_ups = 0;
  int sleeps = 0;  ///< in the last wait

 private:
  bool note(std::uint64_t due_ns) {
    now_ns = std::max(now_ns, due_ns);
    late_ns.push_back(now_ns - due_ns);
    return true;
  }
  bool look(std::uint64_t at_ns, std::uint64_t until_ns) {
    const std::uint64_t from = now_ns;
    now_ns = std::max(now_ns, std::min(at_ns, until_ns)) + between(1, kUs / 2);
    const bool first = !looks_beyond_ && until_ns <= began_ns_ + kWakeUpNs;
    (first ? first_looks_ns : looks_ns) += now_ns - from;
    return at_ns <= now_ns;
  }
  bool sleep(std::uint64_t at_ns, std::uint64_t until_ns) {
    looks_beyond_ = true;
    now_ns += kUs;
    if (at_ns <= now_ns) return true;  // the last look before
    const std::uint64_t oversleeps = chance(0.02) ? between(25 * kUs, 60 * kUs) : between(12 * kUs, 22 * kUs);
    const std::uint64_t up_ns = until_ns == kNever ? kNever : std::max(now_ns, until_ns) + oversleeps;
    REQUIRE((at_ns != kNever || up_ns != kNever));  // or it would sleep for ever
    const std::uint64_t rung_ns = at_ns == kNever ? kNever : at_ns + between(22 * kUs, 40 * kUs);
    now_ns = std::min(rung_ns, up_ns);
    ++sleeps;
    ++wake_ups;
    return at_ns <= now_ns;
  }

  std::mt19937_64 random_;
  std::uint64_t counted_from_ns_ = now_ns;
  std::uint64_t began_ns_ = 0;
  bool looks_beyond_ = false;
};

template <class Test>
void for_each_seed(const Test& test) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    Thread thread(seed);
    test(thread);
  }
}

}  // namespace

TEST_SUITE("worker/expectation") {
  TEST_CASE("regular news finds the thread awake, once it is known") {
    for (const std::uint64_t interval : {70 * kUs, 100 * kUs, kMs, 100 * kMs}) {
      CAPTURE(interval);
      for_each_seed([&](Thread& thread) {
        thread.stream(60, [&] { return interval; });
        thread.count_from_here();
        thread.stream(1000, [&] { return interval; });
        CHECK(thread.late(0.9) <= kUs);
        CHECK(thread.late(0.97) <= 8 * kUs);
        CHECK(thread.part(thread.looks_ns) <= 15.0 * kUs / static_cast<double>(interval));
        CHECK(thread.part(thread.first_looks_ns) <= 2.0 * kUs / static_cast<double>(interval));
        CHECK(thread.wake_ups <= 1010);
      });
    }
  }

  TEST_CASE("also when it comes some microseconds early or late, and one in thirty not at all") {
    for_each_seed([](Thread& thread) {
      const auto one = [&] {
        const std::uint64_t due_ns = thread.news_ns += (thread.chance(0.03) ? 200 : 100) * kUs;
        thread.wait(due_ns + thread.between(0, 6 * kUs));
        thread.now_ns += kUs;
      };
      for (int i = 0; i < 60; ++i) one();
      thread.count_from_here();
      for (int i = 0; i < 1000; ++i) one();
      CHECK(thread.late(0.75) <= 2 * kUs);
    });
  }

  TEST_CASE("a new rate is learned within fifty of its messages") {
    for_each_seed([](Thread& thread) {
      for (const std::uint64_t interval : {100 * kUs, kMs, 100 * kUs, 90 * kUs, 120 * kUs, 10 * kMs, 80 * kUs}) {
        CAPTURE(interval);
        thread.stream(50, [&] { return interval; });
        thread.count_from_here();
        thread.stream(200, [&] { return interval; });
        CHECK(thread.late(0.8) <= kUs);
      }
    });
  }

  TEST_CASE("news that comes at any time is hardly looked for, and not later than who sleeps at once has it") {
    for (const std::uint64_t mean : {50 * kUs, 100 * kUs, kMs}) {
      CAPTURE(mean);
      for_each_seed([&](Thread& thread) {
        thread.stream(100, [&] { return thread.poisson(mean); });
        thread.count_from_here();
        thread.stream(3000, [&] { return thread.poisson(mean); });
        CHECK(thread.part(thread.looks_ns) <= 0.01);
        CHECK(thread.part(thread.first_looks_ns) <= 8.0 * kUs / static_cast<double>(mean));
        CHECK(thread.wake_ups <= 3010);
        CHECK(thread.late(1) <= 45 * kUs);
      });
    }
  }

  TEST_CASE("what comes in bursts is taken awake, and between them the thread sleeps") {
    for_each_seed([](Thread& thread) {
      int number = 0;
      const auto burst = [&] { return ++number % 20 != 0 ? 5 * kUs : thread.between(1, 5) * kMs; };
      thread.stream(400, burst);
      thread.count_from_here();
      thread.stream(4000, burst);
      CHECK(thread.late(0.5) <= kUs);  // the rest of each comes while the thread is woken
      CHECK(thread.part(thread.looks_ns) <= 0.01);
      CHECK(thread.wake_ups <= 4000 / 20 * 2);
    });
  }

  TEST_CASE("one that gets no more news wakes up once, and never again") {
    for_each_seed([](Thread& thread) {
      thread.stream(100, [] { return kMs; });
      thread.count_from_here();
      thread.wait(thread.news_ns + 1'000'000 * kMs);
      CHECK(thread.sleeps == 2);
      CHECK(thread.looks_ns <= Expectation::kMostLeadNs + 2 * kWakeUpNs);
    });
  }

  TEST_CASE("whatever comes, looks that do not come first take a quarter of the time at most") {
    for_each_seed([](Thread& thread) {
      for (int phase = 0; phase < 200; ++phase) {
        const std::uint64_t interval = thread.between(21, 80) * kUs;
        const std::uint64_t jitter = thread.chance(0.5) ? 0 : thread.between(0, 30) * kUs;
        const bool deadlines = thread.chance(0.5);
        thread.count_from_here();
        const std::uint64_t from = thread.now_ns;
        for (int i = 0; i < 200; ++i) {
          const std::uint64_t deadline = deadlines ? thread.now_ns + interval : kNever;
          thread.news_ns = std::max(thread.news_ns, thread.now_ns) + interval + thread.between(0, jitter);
          thread.wait(thread.news_ns, deadline);
        }
        const std::uint64_t share_ns = (thread.now_ns - from) / Expectation::kShare;
        CHECK(thread.looks_ns <= share_ns + kSavedNs + 2 * Expectation::kMostLeadNs);
      }
    });
  }

  TEST_CASE("the first looks last for a wake-up at most, and nothing once they bring nothing") {
    Thread thread(1);
    CHECK(thread.wait(thread.now_ns + 15 * kUs));
    CHECK(thread.sleeps == 0);
    thread.stream(100, [] { return 10 * kMs; });
    thread.wait(thread.now_ns + 3 * kUs);
    CHECK(thread.sleeps == 1);
    thread.stream(100, [] { return 10 * kUs; });  // one of them is looked for on trial
    thread.wait(thread.now_ns + 15 * kUs);
    CHECK(thread.sleeps == 0);
  }

  TEST_CASE("an answer that takes as long as a wake-up is taken awake, whenever the next question comes") {
    for_each_seed([](Thread& thread) {
      for (int i = 0; i < 500; ++i) {
        thread.wait(thread.now_ns + thread.between(15, 19) * kUs);  // the answer
        CHECK((i < 60 || thread.sleeps == 0));
        thread.wait(thread.now_ns + thread.between(100, 5000) * kUs);
      }
    });
  }

  TEST_CASE("a deadline finds the thread awake, and never ends the wait before it") {
    for (const std::uint64_t interval : {5 * kUs, 15 * kUs, 70 * kUs, 100 * kUs, 10 * kMs}) {
      CAPTURE(interval);
      for_each_seed([&](Thread& thread) {
        for (int i = 0; i < 1000; ++i) {
          if (i == 60) thread.count_from_here();
          CHECK(!thread.wait(kNever, thread.now_ns + interval));
          CHECK(thread.sleeps <= 1);
        }
        CHECK(thread.late(0.9) <= kUs);
      });
    }
  }

  TEST_CASE("a deadline does not hide regular news, nor news a deadline") {
    for_each_seed([](Thread& thread) {
      std::uint64_t due_ns = thread.now_ns;
      for (int i = 0; i < 1000; ++i) {
        if (i == 100) thread.count_from_here();
        thread.wait(due_ns + 150 * kUs, due_ns + 400 * kUs);  // an answer
        due_ns += 400 * kUs;
        thread.wait(kNever, due_ns);
      }
      CHECK(thread.late(0.85) <= kUs);
    });
  }

  TEST_CASE("a thread that was asked too late is not sent to sleep") {
    Expectation expectation;
    expectation.begin(100 * kMs, 99 * kMs);
    CHECK(expectation.next(100 * kMs).what == Expectation::Do::Stop);
  }
}

}  // namespace steady::worker
