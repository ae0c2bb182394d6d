// The work of the peers (peers/letter.hpp) as actors: a writer of letters of 64 bytes and a reader that sums every
// word and sees that none is missing, doubled or out of order; and an asker who measures how long an answer takes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <steady/actor.hpp>
#include <vector>

namespace letters {

struct Letter {
  std::array<std::uint64_t, 8> words;
};
BOOST_DESCRIBE_STRUCT(Letter, (), (words))

class Writer final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"writer", "Writes letters as fast as its channel takes them."};

  Writer() { run_when(letters_.has_room(1)); }

  void step() override {
    std::uint64_t number = next_.value();
    for (Letter& letter : letters_.put(letters_.vacant())) {
      letter.words.fill(number);
      ++number;
    }
    next_.change() = number;
  }

 private:
  steady::Output<Letter> letters_{*this, "letters", "letters of 64 bytes"};
  steady::State<std::uint64_t> next_{*this};
};

class Reader final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"reader", "Sums every word of every letter."};

  void step() override {
    const auto letters = letters_.take();
    std::uint64_t number = next_.value();
    std::uint64_t difference = 0;
    for (const Letter& letter : letters) {
      std::uint64_t sum = 0;
      for (const std::uint64_t word : letter.words) sum += word;
      difference |= sum ^ (8 * number);
      ++number;
    }
    next_.change() = number;
    read_.add(letters.size());
    if (difference != 0) wrong_.add(1);
  }

 private:
  steady::Input<Letter> letters_{*this, "letters", "letters of 64 bytes"};
  steady::Counter read_{*this, "read", "Letters that were read."};
  steady::Counter wrong_{*this, "wrong", "Batches in which a letter was missing, doubled or out of order."};
  steady::State<std::uint64_t> next_{*this};
};

/// One question is under way at a time.
class Asker final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"asker", "Measures round trips."};

  Asker() { run_when(steady::every(std::chrono::nanoseconds(1))); }

  void step() override {
    run_when(answers_.has(1));
    if (!answers_.take().empty()) took_.push_back(now() - asked_at_);
    if (took_.size() == kShown) show();
    questions_.put(Letter{});
    asked_at_ = now();
  }

 private:
  static constexpr std::size_t kShown = 2000;

  void show() {
    const auto half = took_.begin() + kShown / 2;
    std::nth_element(took_.begin(), half, took_.end());
    p50_.set(static_cast<double>(half->count()));
    shown_.add(1);
    took_.clear();
  }

  steady::Input<Letter> answers_{*this, "answers", "what comes back"};
  steady::Output<Letter> questions_{*this, "questions", "what is sent"};
  steady::Gauge p50_{*this, "p50_ns", "Median of the last 2000 round trips."};
  steady::Counter shown_{*this, "shown", "How often p50_ns was set."};
  std::chrono::nanoseconds asked_at_{};
  std::vector<std::chrono::nanoseconds> took_;
};

class Answerer final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"answerer", "Sends every letter back."};

  void step() override {
    const auto count = std::min(questions_.available(), answers_.vacant());
    std::ranges::copy(questions_.take(count), answers_.put(count).begin());
  }

 private:
  steady::Input<Letter> questions_{*this, "questions", "what is sent"};
  steady::Output<Letter> answers_{*this, "answers", "what comes back"};
};

}  // namespace letters

STEADY_PLUGIN(letters::Writer, letters::Reader, letters::Asker, letters::Answerer)
