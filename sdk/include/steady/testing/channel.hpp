// A channel as a test needs it: in ordinary memory, with the actor at one end and the test at the other. Part of
// <steady/testing.hpp>.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "steady/abi.h"
#include "steady/lane.hpp"

namespace steady::testing {

/// Bytes aligned as the host aligns channels and state. They keep their content when they grow.
class AlignedBytes {
 public:
  [[nodiscard]] unsigned char* data() { return reinterpret_cast<unsigned char*>(blocks_.data()); }
  [[nodiscard]] const unsigned char* data() const { return reinterpret_cast<const unsigned char*>(blocks_.data()); }
  [[nodiscard]] std::uint64_t size() const { return blocks_.size() * sizeof(Block); }
  void grow(std::uint64_t size) {
    if (size > this->size()) blocks_.resize(static_cast<std::size_t>((size + sizeof(Block) - 1) / sizeof(Block)));
  }

 private:
  struct alignas(64) Block {
    unsigned char bytes[64];
  };
  std::vector<Block> blocks_;
};

/// Fixed-size messages or frames, in order. What the actor takes or puts counts only once it is committed.
class Channel {
 public:
  /// `message` is nullptr when it carries frames.
  Channel(const steady_message* message, std::uint64_t capacity_bytes)
      : message_(message), capacity_bytes_(capacity_bytes) {}

  [[nodiscard]] const steady_message* message() const { return message_; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t vacant_bytes() const {
    return capacity_bytes_ - std::min(capacity_bytes_, end_ - begin_);
  }
  [[nodiscard]] bool closed() const { return closed_; }
  void close() { closed_ = true; }
  void set_capacity(std::uint64_t capacity_bytes) { capacity_bytes_ = capacity_bytes; }

  // ---- the test's end ----

  /// Appends the bytes of one message, or one frame. An input takes any number, whatever its capacity.
  void append(std::string_view bytes) {
    if (message_ != nullptr) {
      write(bytes.data(), bytes.size());
    } else {
      const steady_frame head{static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(next_sequence())};
      write(&head, sizeof head);
      write(bytes.data(), bytes.size());
      static constexpr char kPadding[8]{};
      write(kPadding, static_cast<std::size_t>(detail::frame_bytes(bytes.size())) - sizeof head - bytes.size());
    }
    ++messages_;
  }
  /// Removes the first message or frame; the channel is not empty. Valid until the next call.
  std::string_view pop() {
    const std::string_view bytes = at(begin_);
    begin_ += size_at(begin_);
    --messages_;
    ++sequence_;
    return bytes;
  }
  void clear() {
    while (messages_ > 0) pop();
  }

  // ---- the actor's end ----

  /// What an input shows to a step: at most `limit` messages.
  void show_input(steady_view& view, std::uint64_t limit) {
    view = blank_view();
    view.begin = bytes_.data() + begin_;
    view.messages = std::min(messages_, limit);
    view.sequence = sequence_;
    view.closed = closed_ && view.messages == messages_ ? 1 : 0;
    std::uint64_t end = begin_;
    if (message_ != nullptr)
      end += view.messages * message_->size;
    else
      for (std::uint64_t i = 0; i < view.messages; ++i) end += size_at(end);
    view.bytes = end - begin_;
  }
  void commit_input(const steady_view& view) {
    if (view.used_messages > view.messages || view.used_bytes > view.bytes || view.violated != 0)
      throw std::logic_error("the actor took more than there was, or called an intact input violated");
    begin_ += view.used_bytes;
    messages_ -= view.used_messages;
    sequence_ += view.used_messages;
  }

  /// What an output shows to a step: all its room.
  void show_output(steady_view& view) {
    move_to_front();
    bytes_.grow(end_ + vacant_bytes());
    view = blank_view();
    view.begin = bytes_.data() + end_;
    view.bytes = vacant_bytes();
    view.messages = message_ != nullptr ? view.bytes / message_->size : 0;
    view.sequence = next_sequence();
  }
  void commit_output(const steady_view& view) {
    if (view.used_bytes > view.bytes) throw std::logic_error("the actor put more than there was room for");
    std::uint64_t end = end_;
    if (message_ != nullptr)
      end += view.used_messages * message_->size;
    else
      for (std::uint64_t i = 0; i < view.used_messages && end < end_ + view.used_bytes; ++i) end += size_at(end);
    if (end != end_ + view.used_bytes) throw std::logic_error("the actor's counts of bytes and messages differ");
    end_ = end;
    messages_ += view.used_messages;
  }

 private:
  [[nodiscard]] std::uint64_t next_sequence() const { return sequence_ + messages_; }
  [[nodiscard]] steady_view blank_view() const {
    steady_view view{};
    view.kind = message_ != nullptr ? STEADY_MESSAGES : STEADY_FRAMES;
    view.capacity_bytes = capacity_bytes_;
    view.message = message_;
    return view;
  }
  [[nodiscard]] std::uint64_t size_at(std::uint64_t place) const {
    return message_ != nullptr ? message_->size : detail::frame_bytes(frame_length_at(place));
  }
  [[nodiscard]] std::string_view at(std::uint64_t place) const {
    const auto* const first = reinterpret_cast<const char*>(bytes_.data() + place);
    return message_ != nullptr ? std::string_view(first, message_->size)
                               : std::string_view(first + sizeof(steady_frame), frame_length_at(place));
  }
  [[nodiscard]] std::uint32_t frame_length_at(std::uint64_t place) const {
    steady_frame head;
    std::memcpy(&head, bytes_.data() + place, sizeof head);
    return head.length;
  }
  void write(const void* from, std::size_t size) {
    if (size == 0) return;
    if (end_ + size > bytes_.size()) bytes_.grow(2 * (end_ + size));
    std::memcpy(bytes_.data() + end_, from, size);
    end_ += size;
  }
  void move_to_front() {
    if (begin_ == 0) return;
    std::memmove(bytes_.data(), bytes_.data() + begin_, static_cast<std::size_t>(end_ - begin_));
    end_ -= begin_;
    begin_ = 0;
  }

  const steady_message* message_;
  std::uint64_t capacity_bytes_;
  AlignedBytes bytes_;
  std::uint64_t begin_ = 0;  // of the first message that waits
  std::uint64_t end_ = 0;    // behind the last one that is committed
  std::uint64_t messages_ = 0;
  std::uint64_t sequence_ = 0;  // of the first message that waits
  bool closed_ = false;
};

}  // namespace steady::testing
