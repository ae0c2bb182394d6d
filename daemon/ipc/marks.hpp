// Marks: how latency is measured. Now and then the producer notes, before it publishes a step, the number of one of its
// messages and the time; the reader that takes this message looks at the clock and knows its age. Each class belongs to
// one actor thread and reads pages that its end has mapped; README.md says what the age means and how wrong it can be.
//
// SYNC(mark): a slot is written, then marks_made is released, then the message is published. Who acquires marks_made may
//   read the slot. Forbidden: 1. producer stores marks_made  2. reader reads the slot's last mark  3. a wrong age.
//   A void mark's time is taken away before its number, which is released: 1. number  2. reader passes it, time still set.
//
// SYNC(mark_passed): a reader is through with a slot, then releases marks_passed. Who acquires it may write the slot.
//   Forbidden: 1. reader stores marks_passed  2. producer writes the slot  3. reader reads half of the new mark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ipc/layout.hpp"
#include "ipc/position.hpp"

namespace steady::ipc {

/// The producer's side of one ring.
class MarkMaker {
 public:
  /// `ring` and `readers` must stay mapped. `tail`: where the stream ends; what the last generation marked behind it, and
  /// did not live to publish, becomes void.
  MarkMaker(RingPage& ring, std::vector<const ReaderPage*> readers, std::uint64_t capacity_bytes, Position tail);

  /// Marks one of the messages from `from` to `to`, all of which the next commit publishes; it stands for all since the
  /// last mark. Where slots are scarce it may do nothing, and the next mark stands for more.
  void make(Position from, Position to, std::uint64_t now_ns);

 private:
  void make_void(std::uint64_t tail_messages);
  [[nodiscard]] std::uint64_t open();
  [[nodiscard]] std::uint64_t random();

  RingPage* ring_;
  std::vector<const ReaderPage*> readers_;
  std::uint64_t spacing_bytes_;  ///< between marks, once half of the slots are open: the other half then suffices
  std::uint64_t made_;
  std::uint64_t passed_;         ///< by every reader, at the last look
  Position marked_;              ///< every message before it is stood for
  std::uint64_t random_;
};

/// A reader's side of one ring. `Clock` is a callable that gives the monotonic time in nanoseconds.
class MarkReader {
 public:
  /// Both pages must stay mapped. `head_messages`: what was taken before; its marks tell nothing any more.
  MarkReader(const RingPage& ring, ReaderPage& page, std::uint64_t capacity_bytes, std::uint64_t head_messages);

  /// Call after each commit that took messages, with where the end now stands and how many messages it has seen
  /// published. Records the age of every marked message that was taken; reads the clock only if there is one.
  template <class Clock>
  void pass(std::uint64_t head_messages, std::uint64_t seen_messages, const Clock& now_ns) {
    if (waits(head_messages)) return;
    take(head_messages, seen_messages, now_ns());
  }

 private:
  /// No mark is there, or the oldest is of a message that was not yet taken: the usual case, one load.
  [[nodiscard]] bool waits(std::uint64_t head_messages) {
    if (passed_ == made_) {
      const std::uint64_t made = ring_->marks_made.load(std::memory_order_acquire);  // SYNC(mark)
      if (passed_ == made) return true;
      made_ = made;
    }
    const std::uint64_t message = ring_->marks[passed_ % kMarks].message.load(std::memory_order_acquire);  // SYNC(mark)
    return message - head_messages < capacity_bytes_;  // one that is further ahead cannot be
  }
  void take(std::uint64_t head_messages, std::uint64_t seen_messages, std::uint64_t now_ns);

  const RingPage* ring_;
  ReaderPage* page_;
  std::uint64_t capacity_bytes_;  ///< never less than the messages on their way
  std::uint64_t passed_;
  std::uint64_t made_;            ///< at the last look
};

/// When the oldest message was published that is marked and not taken; 0 when there is none. For observers: of pages that
/// others write, at any time.
[[nodiscard]] std::uint64_t oldest_mark_ns(const RingPage& ring, const ReaderPage& reader, std::uint64_t head_messages,
                                           std::uint64_t tail_messages);

}  // namespace steady::ipc
