// The work that every peer does: a producer writes letters of 64 bytes, a consumer sums every word of each and sees
// that none is missing, doubled or out of order. And the clock for a round trip. One thread each.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

namespace peer {

using Clock = std::chrono::steady_clock;

struct Letter {
  std::array<std::uint64_t, 8> words;
};
static_assert(sizeof(Letter) == 64);

inline void write(Letter& letter, std::uint64_t number) {
  for (std::uint64_t& word : letter.words) word = number;
}

/// How a thread waits that polls: it pauses, and after a while lets others have the core.
class Patience {
 public:
  void wait() {
    if (++looks_ % kLooks == 0) return std::this_thread::yield();
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

 private:
  static constexpr unsigned kLooks = 1024;  // some 40 us
  unsigned looks_ = 0;
};

/// What a command line chose: the same for each peer, `PROGRAM flow|roundtrip SECONDS [BATCH]`.
struct Chosen {
  bool round_trip;
  Clock::duration time;
  std::size_t batch;
};

inline Chosen chosen(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 0;
  const std::size_t batch = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  if ((mode == "flow" || mode == "roundtrip") && seconds > 0 && batch > 0)
    return {mode == "roundtrip", std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)), batch};
  std::fprintf(stderr, "usage: %s flow|roundtrip SECONDS [BATCH]\n", argv[0]);
  std::exit(2);
}

constexpr std::chrono::milliseconds kWarmUp{300};

/// The consumer's side of a flow.
class Flow {
 public:
  explicit Flow(const Chosen& choice) : begin_(Clock::now() + kWarmUp), time_(choice.time) {}

  void read(const Letter& letter) {
    std::uint64_t sum = 0;
    for (const std::uint64_t word : letter.words) sum += word;
    wrong_ |= sum != 8 * next_++;
  }

  /// To be asked after each batch. When the time is over it prints the letters per second.
  [[nodiscard]] bool over() {
    if (next_ < look_at_) return false;
    look_at_ = next_ + 256;  // the clock costs more than a letter
    const auto now = Clock::now();
    if (!counting_) {
      counting_ = now >= begin_;
      begin_ = now;
      first_ = next_;
      return false;
    }
    if (now - begin_ < time_) return false;
    if (wrong_) {
      std::fprintf(stderr, "a letter is missing, doubled or out of order\n");
      std::_Exit(1);
    }
    const std::chrono::duration<double> took = now - begin_;
    std::printf("%.0f\n", static_cast<double>(next_ - first_) / took.count());
    std::fflush(stdout);
    return true;
  }

 private:
  Clock::time_point begin_;
  Clock::duration time_;
  std::uint64_t next_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t look_at_ = 0;
  bool counting_ = false;
  bool wrong_ = false;
};

/// The asker's side of a round trip: one letter is under way at a time.
class RoundTrips {
 public:
  explicit RoundTrips(const Chosen& choice) : end_(Clock::now() + kWarmUp + choice.time) {}

  void asked() { asked_at_ = Clock::now(); }

  void answered() {
    const auto now = Clock::now();
    took_.push_back(now - asked_at_);
    asked_at_ = now;
  }

  /// When the time is over it prints the median in nanoseconds.
  [[nodiscard]] bool over() {
    if (asked_at_ < end_) return false;
    const auto half = took_.begin() + static_cast<std::ptrdiff_t>(took_.size() / 2);
    std::nth_element(took_.begin(), half, took_.end());
    std::printf("%lld\n", static_cast<long long>(std::chrono::nanoseconds(*half).count()));
    std::fflush(stdout);
    return true;
  }

 private:
  Clock::time_point end_;
  Clock::time_point asked_at_{};
  std::vector<Clock::duration> took_;
};

}  // namespace peer
