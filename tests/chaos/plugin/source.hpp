// Where streams begin.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <steady/actor.hpp>
#include <string>
#include <type_traits>

#include "fault.hpp"
#include "item.hpp"
#include "outlet.hpp"

namespace steady::chaos {

/// T is Item for messages, Frame for frames.
template <class T>
class Source final : public Actor {
 public:
  static constexpr About kAbout{std::is_same_v<T, Frame> ? "frame_source" : "source",
                                "Sends a stream, and may fail on purpose."};

  Source() { run_when(has_room(items_)); }

  void start() override {
    if (*stream_ < 1 || *count_ < 0 || *batch_ < 1)
      throw std::invalid_argument("stream and batch are at least 1, count is not negative");
    fault_.arm(generation());
  }

  void step() override {
    fault_.step();
    if (looks_++ % kLookEvery == 0 && !until_->empty()) enough_ = ::access(until_->c_str(), F_OK) == 0;
    for (std::int64_t i = 0; i < *batch_ && wants_more(); ++i) {
      if (!put_item(items_, make_item(static_cast<std::uint64_t>(*stream_), sent_.value().count))) break;
      fault_.at(Place::Put);
      ++sent_->count;
      messages_.add();
      fault_.at(Place::Changed);
    }
    if (wants_more()) return;
    report();
    end();
  }

  bool finish() override {
    report();
    return true;
  }

 private:
  static constexpr std::uint64_t kLookEvery = 16;  // steps; the first one of a generation looks
  struct Sent {
    std::uint64_t count = 0;
  };

  [[nodiscard]] bool wants_more() const {
    return !enough_ && (*count_ == 0 || sent_.value().count < static_cast<std::uint64_t>(*count_));
  }
  void report() { info("end: messages=" + std::to_string(messages_.value())); }

  Output<T> items_{*this, "items", "the stream, in order", kOptional};
  Parameter<std::int64_t> stream_{*this, "stream", "1", "the number of the stream"};
  Parameter<std::int64_t> count_{*this, "count", "0", "how many items to send; 0: no end"};
  Parameter<std::string> until_{*this, "until", "", "the stream ends once this file exists"};
  Parameter<std::int64_t> batch_{*this, "batch", "100", "at most so many in one step"};
  State<Sent> sent_{*this};
  Counter messages_{*this, "messages", "Items sent."};
  Fault fault_{*this, {Place::Begin, Place::Put, Place::Changed}};
  std::uint64_t looks_ = 0;
  bool enough_ = false;
};

}  // namespace steady::chaos
