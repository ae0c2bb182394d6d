// Two or more threads over real rings, sleeping and dying as workers do. What is checked: every message once, in order,
// unspoiled; and nobody sleeps for ever on what is there.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "ipc/commit.hpp"
#include "ipc/tap.hpp"
#include "support/ipc_bench.hpp"

namespace steady::ipc {

/// Puts the ends of one channel on the same addresses. Both must outlive the last use of either.
struct EndsAtOneAddress {
  static void join(OutputEnd& output, std::size_t reader, InputEnd& input) {
    input.ring_ = output.ring_;
    input.data_ = output.data_;
    input.producer_.wake_at_ = &output.ring_->wake_at;
    output.readers_[reader].page = input.page_;
    output.readers_[reader].sleeper.wake_at_ = &input.page_->wake_at;
  }
  /// The same for a tap, after all readers have joined; `producer` is the segment that the producer works on.
  static void join(OutputEnd& output, const Mapping& producer, Tap& tap) {
    tap.ring_ = output.ring_;
    tap.data_ = output.data_;
    for (std::size_t i = 0; i < tap.readers_.size(); ++i) tap.readers_[i] = output.readers_[i].page;
    tap.producer_ = producer.at<const ActorPage>(0);
    tap.words_ = producer.at<const ActorWords>(kActorWordsOffset);
  }
};

}  // namespace steady::ipc

namespace steady::stress {

using Clock = std::chrono::steady_clock;

/// A lost wake-up is a test that hangs: this ends it with words instead.
class Watchdog {
 public:
  explicit Watchdog(std::string what, std::chrono::seconds limit = std::chrono::seconds(40))
      : thread_([this, what = std::move(what), limit] {
          std::unique_lock lock(mutex_);
          if (done_.wait_for(lock, limit, [this] { return over_; })) return;
          std::fprintf(stderr, "%s: no end in sight; a wake-up was lost\n", what.c_str());
          std::_Exit(1);  // no destructor could join the threads that sleep
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    done_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool over_ = false;
  std::thread thread_;
};

/// The seed of this run; STEADY_SEED repeats one.
inline std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* const given = std::getenv("STEADY_SEED");
    const std::uint64_t chosen = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::printf("STEADY_SEED=%llu\n", static_cast<unsigned long long>(chosen));
    return chosen;
  }();
  return value;
}

/// Numbers that differ from thread to thread and repeat with the seed.
class Dice {
 public:
  explicit Dice(std::uint64_t stream) : engine_(seed() * 1000 + stream) {}
  std::uint64_t up_to(std::uint64_t most) { return engine_() % most + 1; }
  bool one_in(std::uint64_t chances) { return engine_() % chances == 0; }

 private:
  std::mt19937_64 engine_;
};

struct Killed {};

/// A hook that ends the commit at any of its points, once in `chances` points; 0: never.
class MayDie {
 public:
  MayDie(Dice& dice, std::uint64_t chances) : dice_(dice), chances_(chances) {}
  void operator()(ipc::CommitPoint) const {
    if (chances_ != 0 && dice_.one_in(chances_)) throw Killed{};
  }

 private:
  Dice& dice_;
  std::uint64_t chances_;
};

/// Sleeps as Actor::sleep() does: count, say so, fence, look once more, wait.
template <class End, class News>
void sleep_on(End& end, const ipc::Bell& bell, std::uint64_t target, ipc::FenceMode fence, const News& news) {
  const std::uint32_t seen = bell.count();
  end.set_wake_at(target);
  ipc::sleeper_fence(fence);  // SYNC(sleep)
  if (!news()) bell.wait(seen, std::nullopt);
  end.set_wake_at(ipc::kAwake);
}

inline bool wait_for_room(ipc::OutputEnd& output, const ipc::Bell& bell, std::uint64_t bytes, ipc::FenceMode fence) {
  const std::uint64_t target = output.position().bytes + bytes - output.capacity_bytes();  // if there is too little
  bool sound = true;
  const auto news = [&] {
    sound = output.refresh();
    return !sound || output.vacant_bytes() >= bytes;
  };
  if (!news()) sleep_on(output, bell, target, fence, news);
  return sound;
}

inline bool wait_for_input(ipc::InputEnd& input, const ipc::Bell& bell, std::uint64_t messages, ipc::FenceMode fence) {
  const std::uint64_t target = input.target_for(messages);
  bool sound = true;
  const auto news = [&] {
    const bool closed = input.closed();
    sound = input.refresh();
    return closed || !sound || input.reached(target);
  };
  if (!news()) sleep_on(input, bell, target, fence, news);
  return sound;
}

}  // namespace steady::stress
