// Actors that move messages as fast as the channel lets them: what is measured beside bare_stream and bare_transaction.
// The loops over messages are those of the bare programs. Whoever finds a wrong message throws.
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <steady/actor.hpp>
#include <string_view>
#include <vector>

#include "work.hpp"

namespace stream {

using work::Large;
using work::Progress;
using work::Small;
using Number = Small;

std::uint64_t* words_of(std::span<Number> numbers) { return reinterpret_cast<std::uint64_t*>(numbers.data()); }
const std::uint64_t* words_of(std::span<const Number> numbers) {
  return reinterpret_cast<const std::uint64_t*>(numbers.data());
}

void expect(bool right) {
  if (!right) throw std::runtime_error("a message is wrong");
}

/// Message number n carries n, so that nobody needs a state.
template <class T>
class Source final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{sizeof(T) == 8 ? "source_8" : "source_64", "Writes one batch in each step."};

  void start() override { run_when(items_.has_room(batch())); }
  void step() override {
    const std::uint64_t first = items_.sequence();
    const auto room = items_.put(batch());
    work::fill(room.data(), room.size(), first);
  }

 private:
  [[nodiscard]] std::uint64_t batch() const { return static_cast<std::uint64_t>(*batch_); }

  steady::Output<T> items_{*this, "items", "numbered messages"};
  steady::Parameter<std::int64_t> batch_{*this, "batch", "64", "messages in one step"};
};

/// Takes what the configuration shows it in one step.
template <class T>
class Sink final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{sizeof(T) == 8 ? "sink_8" : "sink_64", "Sums each message."};

  void step() override {
    const std::uint64_t first = items_.sequence();
    const auto items = items_.take();
    expect(work::holds(items.data(), items.size(), first));
  }

 private:
  steady::Input<T> items_{*this, "items", "numbered messages"};
};

class Gather final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"gather", "Sums each message of any number of channels."};

  void step() override {
    for (auto lane : items_) {
      const std::uint64_t first = lane.sequence();
      const auto items = lane.take();
      expect(work::holds(items.data(), items.size(), first));
    }
  }

 private:
  steady::Inputs<Small> items_{*this, "items", "numbered messages"};
};

class Pass final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"pass", "Passes messages on."};

  void step() override {
    const auto items = items_.take(std::min(items_.available(), passed_.vacant()));
    std::ranges::copy(items, passed_.put(items.size()).begin());
  }

 private:
  steady::Input<Small> items_{*this, "items", "numbered messages"};
  steady::Output<Small> passed_{*this, "passed", "the same"};
};

class FrameSource final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"frame_source", "Copies the same frame into the channel, one batch in each step."};

  void start() override {
    frame_.resize(static_cast<std::size_t>(*bytes_));
    work::fill_bytes(frame_.data(), frame_.size());
    run_when(frames_.has_room(static_cast<std::uint64_t>(*batch_) * (frame_.size() + sizeof(steady_frame) + 7)));
  }
  void step() override {
    for (std::int64_t i = 0; i < *batch_; ++i) frames_.put(std::string_view(frame_.data(), frame_.size()));
  }

 private:
  steady::Output<steady::Frame> frames_{*this, "frames", "the frames"};
  steady::Parameter<std::int64_t> bytes_{*this, "bytes", "100", "length of a frame"};
  steady::Parameter<std::int64_t> batch_{*this, "batch", "1", "frames in one step"};
  std::vector<char> frame_;
};

class FrameSink final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"frame_sink", "Sums each frame."};

  void start() override {
    std::vector<char> frame(static_cast<std::size_t>(*bytes_));
    work::fill_bytes(frame.data(), frame.size());
    sum_ = work::sum_bytes(frame.data(), frame.size());
  }
  void step() override {
    while (const auto frame = frames_.next()) expect(work::sum_bytes(frame->data(), frame->size()) == sum_);
  }

 private:
  steady::Input<steady::Frame> frames_{*this, "frames", "the frames"};
  steady::Parameter<std::int64_t> bytes_{*this, "bytes", "100", "length of a frame"};
  std::uint64_t sum_ = 0;
};

// ---- the pipeline: each of the three has a state that changes with every step

class Generator final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"generator", "Counts upwards."};

  void step() override {
    const auto room = numbers_.put(static_cast<std::uint64_t>(*batch_));
    work::generate(words_of(room), room.size(), progress_.change());
  }

 private:
  steady::Output<Number> numbers_{*this, "numbers", "0, 1, 2, ..."};
  steady::Parameter<std::int64_t> batch_{*this, "batch", "4096", "numbers in one step at most"};
  steady::State<Progress> progress_{*this};
};

class Xor final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"xor", "Changes some bits of each number."};

  void step() override {
    const auto numbers = numbers_.take(std::min(numbers_.available(), changed_.vacant()));
    work::change(words_of(numbers), words_of(changed_.put(numbers.size())), numbers.size(), progress_.change());
  }

 private:
  steady::Input<Number> numbers_{*this, "numbers", "any numbers"};
  steady::Output<Number> changed_{*this, "changed", "the same with some bits changed"};
  steady::State<Progress> progress_{*this};
};

class Auditor final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"auditor", "Proves that no number is missing."};

  void step() override {
    const auto numbers = numbers_.take();
    Progress& progress = progress_.change();
    work::audit(words_of(numbers), numbers.size(), progress);
    expect(progress.gaps == 0);
  }

 private:
  steady::Input<Number> numbers_{*this, "numbers", "what xor made of 0, 1, 2, ..."};
  steady::State<Progress> progress_{*this};
};

}  // namespace stream

STEADY_PLUGIN(stream::Source<stream::Small>, stream::Source<stream::Large>, stream::Sink<stream::Small>,
              stream::Sink<stream::Large>, stream::Gather, stream::Pass, stream::FrameSource, stream::FrameSink,
              stream::Generator, stream::Xor, stream::Auditor)
