// The two ends of one channel as a step sees them. Everything here is inline work on memory that the host prepared:
// taking or putting a message is no call. What is taken and put takes effect when the step returns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "steady/abi.h"

namespace steady {

/// The message type of ports that carry byte strings of any length.
struct Frame {};

/// The message type of inputs that take whatever their channel carries.
struct Any {};

namespace detail {

constexpr std::uint64_t frame_bytes(std::uint64_t length) { return sizeof(steady_frame) + ((length + 7) & ~7ULL); }

/// The frame at the front of an input, or nullopt at the end of what this step may see. A length that does not fit is
/// the writer's doing: the lane is marked, reads as empty, and the host reports who wrote it.
inline std::optional<std::string_view> front_frame(steady_view& view) {
  if (view.used_messages >= view.messages || view.violated != 0) return std::nullopt;
  steady_frame head;
  const std::uint64_t left = view.bytes - view.used_bytes;
  if (left >= sizeof head) {
    std::memcpy(&head, view.begin + view.used_bytes, sizeof head);  // copied once, checked, and the copy is used
    const auto sequence_low = static_cast<std::uint32_t>(view.sequence + view.used_messages);
    if (frame_bytes(head.length) <= left && head.sequence_low == sequence_low)
      return std::string_view(reinterpret_cast<const char*>(view.begin) + view.used_bytes + sizeof head, head.length);
  }
  view.violated = 1;
  return std::nullopt;
}

/// What every lane of an input tells, whatever it carries.
class InputView {
 public:
  /// Messages that wait and that this step has not taken.
  [[nodiscard]] std::uint64_t available() const { return view_->messages - view_->used_messages; }
  /// The number of the next message, counted since the channel was created; the same after any crash.
  [[nodiscard]] std::uint64_t sequence() const { return view_->sequence + view_->used_messages; }
  /// Nothing will ever follow what waits now.
  [[nodiscard]] bool closed() const { return view_->closed != 0; }

  explicit InputView(steady_view* view = nullptr) : view_(view) {}

 protected:
  steady_view* view_;
};

}  // namespace detail

/// One lane of an input of fixed-size messages.
template <class T>
class InputLane : public detail::InputView {
 public:
  using InputView::InputView;

  /// The next `count` messages (fewer if fewer wait), in place; they stay.
  [[nodiscard]] std::span<const T> peek(std::uint64_t count) const {
    return {reinterpret_cast<const T*>(view_->begin) + view_->used_messages,
            static_cast<std::size_t>(std::min(count, available()))};
  }
  /// The same, and they are gone once the step returns. Valid until then.
  std::span<const T> take(std::uint64_t count) {
    const auto taken = peek(count);
    view_->used_messages += taken.size();
    view_->used_bytes += taken.size_bytes();
    return taken;
  }
  /// All that wait.
  std::span<const T> take() { return take(available()); }
};

/// One lane of an input of frames.
template <>
class InputLane<Frame> : public detail::InputView {
 public:
  using InputView::InputView;

  /// The next frame, in place; it stays. Empty when no more waits.
  [[nodiscard]] std::optional<std::string_view> front() const { return detail::front_frame(*view_); }
  /// Takes the frame that front() gave.
  void pop() {
    const auto frame = front();
    if (!frame) return;
    view_->used_bytes += detail::frame_bytes(frame->size());
    ++view_->used_messages;
  }
  /// front() and pop() in one. Valid until the step returns.
  std::optional<std::string_view> next() {
    const auto frame = front();
    if (frame) {
      view_->used_bytes += detail::frame_bytes(frame->size());
      ++view_->used_messages;
    }
    return frame;
  }
};

/// One lane of an input that takes anything: each item is the bytes of a frame or of a message.
template <>
class InputLane<Any> : public detail::InputView {
 public:
  using InputView::InputView;

  /// The layout of the messages, or nullptr when the channel carries frames.
  [[nodiscard]] const steady_message* message() const {
    return view_->kind == STEADY_MESSAGES ? view_->message : nullptr;
  }
  [[nodiscard]] std::optional<std::string_view> front() const {
    if (view_->kind == STEADY_FRAMES) return detail::front_frame(*view_);
    if (available() == 0) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(view_->begin) + view_->used_bytes, view_->message->size);
  }
  std::optional<std::string_view> next() {
    const auto item = front();
    if (item) {
      view_->used_bytes += view_->kind == STEADY_FRAMES ? detail::frame_bytes(item->size()) : item->size();
      ++view_->used_messages;
    }
    return item;
  }
  void pop() { static_cast<void>(next()); }
  /// Takes everything that waits, without a look. Returns how many that were.
  std::uint64_t discard() {
    const std::uint64_t count = available();
    if (view_->kind == STEADY_FRAMES) {
      while (next()) {
      }
      return count - available();
    }
    if (count == 0) return 0;
    view_->used_messages += count;
    view_->used_bytes += count * view_->message->size;
    return count;
  }
};

/// The one lane of an output of fixed-size messages.
template <class T>
class OutputLane {
 public:
  /// Messages that still fit in this step.
  [[nodiscard]] std::uint64_t vacant() const { return view_->messages - view_->used_messages; }
  /// Room for `count` messages (fewer if fewer fit), to be written in place before the step returns.
  std::span<T> put(std::uint64_t count) {
    const auto granted = std::min(count, vacant());
    T* const first = reinterpret_cast<T*>(view_->begin) + view_->used_messages;
    view_->used_messages += granted;
    view_->used_bytes += granted * sizeof(T);
    return {first, static_cast<std::size_t>(granted)};
  }
  /// Puts one message; false when there is no room.
  bool put(const T& message)
    requires(!std::is_integral_v<T>)
  {
    const auto room = put(std::uint64_t{1});
    if (room.empty()) return false;
    room.front() = message;
    return true;
  }
  [[nodiscard]] std::uint64_t sequence() const { return view_->sequence + view_->used_messages; }

 protected:
  steady_view* view_ = nullptr;
};

/// The one lane of an output of frames.
template <>
class OutputLane<Frame> {
 public:
  /// The longest frame that the channel can ever hold, in bytes.
  [[nodiscard]] std::uint64_t longest() const { return view_->capacity_bytes - sizeof(steady_frame); }
  /// Whether a frame of `length` bytes still fits in this step.
  [[nodiscard]] bool fits(std::uint64_t length) const {
    if (detail::frame_bytes(length) <= room()) return true;
    view_->refused = 1;  // one that is longer than the channel's window may pass once nothing else is in flight
    return false;
  }
  /// Bytes for a frame, to be written in place before the step returns. Empty optional when there is no room now.
  std::optional<std::span<char>> put(std::uint64_t length) {
    if (!fits(length)) return std::nullopt;
    unsigned char* const place = view_->begin + view_->used_bytes;
    const steady_frame head{static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(sequence())};
    std::memcpy(place, &head, sizeof head);
    view_->used_bytes += detail::frame_bytes(length);
    ++view_->used_messages;
    return std::span<char>(reinterpret_cast<char*>(place) + sizeof head, static_cast<std::size_t>(length));
  }
  /// Copies a frame in; false when there is no room now.
  bool put(std::string_view bytes) {
    const auto place = put(std::uint64_t{bytes.size()});
    if (!place) return false;
    std::copy(bytes.begin(), bytes.end(), place->begin());
    return true;
  }
  [[nodiscard]] std::uint64_t sequence() const { return view_->sequence + view_->used_messages; }

 protected:
  [[nodiscard]] std::uint64_t room() const { return view_->bytes - view_->used_bytes; }
  steady_view* view_ = nullptr;
};

}  // namespace steady
