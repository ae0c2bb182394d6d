// The two ends of a ring. Each end belongs to one actor thread; nothing here blocks, locks or calls the kernel, but for
// ringing a peer that says it sleeps.
//
// SYNC(tail), SYNC(head): whoever stores a position releases the bytes before it, whoever loads it acquires them.
//   Forbidden: 1. producer writes a message  2. producer stores tail  3. reader sees tail, not the message.
//   The same the other way round for head: the producer must not overwrite what the reader still reads.
//
// SYNC(sleep): publish, fence, look at wake_at | set wake_at, fence, look at the position once more.
//   Forbidden: 1. reader looks at tail, too little  2. producer stores tail, looks at wake_at: awake, rings nobody
//              3. reader sets wake_at and sleeps on a message that is there.
//   With a full fence between the two accesses on both sides at least one of them sees the other's store.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "ipc/bell.hpp"
#include "ipc/fence.hpp"
#include "ipc/layout.hpp"
#include "ipc/marks.hpp"
#include "ipc/position.hpp"
#include "ipc/ring_memory.hpp"
#include "ipc/segment.hpp"

namespace steady::ipc {

/// For tests: ThreadSanitizer knows addresses, not memory, so to it two mappings of one file have nothing in common. This
/// lets two ends of one process use the same ones.
struct EndsAtOneAddress;

/// A neighbour that may sleep on a position of ours. Rings at most once for each position it waits for.
class Sleeper {
 public:
  Sleeper(const Word* wake_at, Bell bell) : wake_at_(wake_at), bell_(std::move(bell)) {}

  /// Call after publishing `position` and the publisher's fence. SYNC(sleep)
  void wake(std::uint64_t position) {
    const std::uint64_t wanted = wake_at_->load(std::memory_order_relaxed);  // ordered by the fence before
    if (position < wanted || wanted == rung_for_) return;
    rung_for_ = wanted;
    bell_.ring();
  }
  /// Whether it says that it sleeps. After a fence of our own.
  [[nodiscard]] bool asleep() const { return wake_at_->load(std::memory_order_relaxed) != kAwake; }
  /// Rings whether it sleeps or not; for what is no position, such as the end of a stream.
  void wake_always() const { bell_.ring(); }

 private:
  friend struct EndsAtOneAddress;
  const Word* wake_at_;
  std::uint64_t rung_for_ = kAwake;
  Bell bell_;
};

/// The constants of a ring that its ends compute with: a copy, so that no peer can change them under us.
struct RingShape {
  std::uint64_t incarnation = 0;
  std::uint64_t ring_bytes = 0;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t message_bytes = 0;

  [[nodiscard]] bool possible() const {
    return std::has_single_bit(ring_bytes) && ring_bytes % kPage == 0 && capacity_bytes != 0 &&
           capacity_bytes <= ring_bytes && (message_bytes == 0 || capacity_bytes % message_bytes == 0);
  }
};

/// The constants of a ring that is mapped twice, copied once and checked against the mapping; nothing else of the page is
/// trusted. Errors: Corrupt.
[[nodiscard]] Result<RingShape> shape_of(const RingPage& page, std::size_t mapped_bytes);

/// Reads one channel. Owned by one thread.
class InputEnd {
 public:
  /// Maps `ring_fd` read-only and `reader_fd` for writing. Errors: as map_segment; Corrupt when the two do not belong
  /// together or contradict themselves. Positions are checked by refresh().
  [[nodiscard]] static Result<InputEnd> create(int ring_fd, int reader_fd, int producer_bell_fd,
                                               const RingMemory& memory = {});
  /// The two halves of create(). map() checks and maps all of it, read-only: whoever owns the end now is not disturbed.
  /// begin_at_last() makes it ours, where its last owner stood; before that nothing else may be called. Errors: as create().
  [[nodiscard]] static Result<InputEnd> map(int ring_fd, int reader_fd, int producer_bell_fd,
                                            const RingMemory& memory = {});
  [[nodiscard]] Status begin_at_last();
  /// Between the two: has the kernel enter the pages that begin_at_last() and the first step will need.
  void enter_pages() const;

  [[nodiscard]] std::uint64_t incarnation() const { return page_->header.incarnation; }
  [[nodiscard]] std::uint64_t message_bytes() const { return message_bytes_; }
  [[nodiscard]] std::uint64_t capacity_bytes() const { return capacity_bytes_; }
  [[nodiscard]] Position position() const { return head_; }

  /// Bytes and messages that were there at the last refresh().
  [[nodiscard]] std::uint64_t available_bytes() const { return tail_.bytes - head_.bytes; }
  [[nodiscard]] std::uint64_t available_messages() const { return tail_.messages - head_.messages; }
  /// The producer's position at the last refresh().
  [[nodiscard]] std::uint64_t seen_bytes() const { return tail_.bytes; }
  /// The position for set_wake_at() at which `messages` wait.
  [[nodiscard]] std::uint64_t target_for(std::uint64_t messages) const {
    return message_bytes_ != 0 ? head_.bytes + messages * message_bytes_ : head_.messages + messages;
  }
  /// Whether the last refresh() showed such a position.
  [[nodiscard]] bool reached(std::uint64_t target) const {
    return (message_bytes_ != 0 ? tail_.bytes : tail_.messages) >= target;
  }
  [[nodiscard]] unsigned char* begin() const { return data_ + (head_.bytes & mask_); }

  /// Whether the producer has published anything since the last refresh(): the cheapest look there is.
  [[nodiscard]] bool moved() const {
    return message_bytes_ != 0 ? ring_->tail.load(std::memory_order_relaxed) != tail_.bytes
                               : ring_->tail_messages.load(std::memory_order_relaxed) != tail_.messages;
  }
  /// Looks how far the producer is. False when it claims the impossible; this end then stays as it was.
  [[nodiscard]] bool refresh() {
    Position seen;
    if (message_bytes_ == 0) seen.messages = ring_->tail_messages.load(std::memory_order_acquire);  // SYNC(tail_messages)
    seen.bytes = ring_->tail.load(std::memory_order_acquire);                                       // SYNC(tail)
    if (message_bytes_ != 0) {
      seen.messages = seen.bytes / message_bytes_;
      if (seen.bytes % message_bytes_ != 0) return false;
    }
    if (seen.bytes - head_.bytes > capacity_bytes_ || seen.messages - head_.messages > seen.bytes - head_.bytes)
      return false;
    tail_ = seen;
    return true;
  }
  /// Nothing will follow what a refresh() after this shows.
  [[nodiscard]] bool closed() const {
    return ring_->closed.load(std::memory_order_acquire) != 0;  // SYNC(closed)
  }

  /// Stores a committed position. Repeating it is harmless.
  void publish(Position position) {
    head_ = position;
    if (message_bytes_ == 0) page_->head_messages.store(position.messages, std::memory_order_relaxed);  // for a restart
    page_->head.store(position.bytes, std::memory_order_release);                                       // SYNC(head)
  }
  /// publish() for a position that a dead generation had committed; what is available is unknown until refresh().
  void restore(Position position) {
    publish(position);
    tail_ = head_;
  }
  /// Rings the producer if it sleeps for the room that publish() made. After the publisher's fence.
  void wake_peers() { producer_.wake(head_.bytes); }

  /// Rings a producer that sleeps although there is some room in its window: it waits for more than this end, which is
  /// about to sleep as well, would ever give. After the sleeper's fence.
  void wake_idle_producer(std::uint64_t window_bytes) const {
    if (available_bytes() < window_bytes && producer_.asleep()) producer_.wake_always();
  }

  /// Its side of the channel's marks, from where the end stands now; not longer than this end.
  [[nodiscard]] MarkReader mark_reader() { return {*ring_, *page_, capacity_bytes_, head_.messages}; }

  /// Says "asleep until tail reaches this", or tail_messages when the ring carries frames; kAwake takes it back. Then
  /// the sleeper's fence, then refresh().
  void set_wake_at(std::uint64_t position) { page_->wake_at.store(position, std::memory_order_relaxed); }

 private:
  friend struct EndsAtOneAddress;
  InputEnd(const RingShape& shape, Mapping ring, Mapping reader, Bell producer_bell);

  Mapping ring_mapping_;
  Mapping reader_mapping_;
  const RingPage* ring_;
  ReaderPage* page_;
  unsigned char* data_;
  std::uint64_t mask_;
  std::uint64_t capacity_bytes_;
  std::uint64_t message_bytes_;
  Position head_;
  Position tail_;
  Sleeper producer_;
};

/// Writes one channel. Owned by one thread.
class OutputEnd {
 public:
  struct ReaderFds {
    int page;
    int bell;
  };
  /// Maps `ring_fd` for writing and the readers' pages read-only. Errors: as InputEnd::create().
  [[nodiscard]] static Result<OutputEnd> create(int ring_fd, const std::vector<ReaderFds>& readers,
                                                const RingMemory& memory = {});
  /// As InputEnd's.
  [[nodiscard]] static Result<OutputEnd> map(int ring_fd, const std::vector<ReaderFds>& readers,
                                             const RingMemory& memory = {});
  [[nodiscard]] Status begin_at_last();
  void enter_pages() const;

  [[nodiscard]] std::uint64_t incarnation() const { return ring_->header.incarnation; }
  [[nodiscard]] std::uint64_t message_bytes() const { return message_bytes_; }
  [[nodiscard]] std::uint64_t capacity_bytes() const { return capacity_bytes_; }
  [[nodiscard]] Position position() const { return tail_; }

  /// How many bytes may be in flight at most: all that the ring holds, unless told otherwise. When more than that are in
  /// flight already there is no room until the slowest reader has come so far.
  void set_window(std::uint64_t bytes) { window_bytes_ = std::min(bytes, capacity_bytes_); }
  [[nodiscard]] std::uint64_t window_bytes() const { return window_bytes_; }

  /// Bytes of the window that were free at the last refresh().
  [[nodiscard]] std::uint64_t vacant_bytes() const {
    return window_bytes_ - std::min(window_bytes_, tail_.bytes - head_);
  }
  /// Nothing was in flight at the last refresh().
  [[nodiscard]] bool idle() const { return tail_.bytes == head_; }
  /// Whether one message of `bytes` may be put: also one that is longer than the window, when nothing else is in flight.
  [[nodiscard]] bool fits(std::uint64_t bytes) const {
    return bytes <= vacant_bytes() || (idle() && bytes <= capacity_bytes_);
  }
  [[nodiscard]] unsigned char* begin() const { return data_ + (tail_.bytes & mask_); }
  /// The slowest reader's position at the last refresh().
  [[nodiscard]] std::uint64_t slowest() const { return head_; }

  /// Looks how far the slowest reader is. False when one claims the impossible; this end then stays as it was.
  [[nodiscard]] bool refresh() {
    std::uint64_t slowest = tail_.bytes;
    for (const Reader& reader : readers_) {
      const std::uint64_t head = reader.page->head.load(std::memory_order_acquire);  // SYNC(head)
      if (tail_.bytes - head > capacity_bytes_) return false;
      slowest = std::min(slowest, head);
    }
    head_ = slowest;
    return true;
  }

  /// Stores a committed position. Repeating it is harmless. One store where it says everything: a reader that looks between
  /// two takes the cache line away, and the second one waits for it again.
  void publish(Position position) {
    tail_ = position;
    ring_->tail.store(position.bytes, std::memory_order_release);  // SYNC(tail)
    if (message_bytes_ == 0) ring_->tail_messages.store(position.messages, std::memory_order_release);  // SYNC(tail_messages)
  }
  /// publish() for a position that a dead generation had committed; there is no room until refresh().
  void restore(Position position) {
    publish(position);
    head_ = tail_.bytes - capacity_bytes_;
  }
  /// Rings the readers that sleep for what publish() brought. After the publisher's fence.
  void wake_peers() {
    // Frames differ in length and have two words: only their count says that one has come whole.
    for (Reader& reader : readers_) reader.sleeper.wake(message_bytes_ != 0 ? tail_.bytes : tail_.messages);
  }

  /// Whether a reader sleeps. After the sleeper's fence.
  [[nodiscard]] bool reader_asleep() const {
    return std::any_of(readers_.begin(), readers_.end(), [](const Reader& reader) { return reader.sleeper.asleep(); });
  }

  /// Closes or reopens the stream; closing wakes every reader.
  void set_closed(bool closed);
  /// Whether the stream has ended: its own word, so no order matters.
  [[nodiscard]] bool is_closed() const { return ring_->closed.load(std::memory_order_relaxed) != 0; }

  /// Its side of the channel's marks, from where the end stands now; not longer than this end. After repair, and before
  /// anything else is published.
  [[nodiscard]] MarkMaker mark_maker();

  /// Says "asleep until every head reaches this"; kAwake takes it back. Then the sleeper's fence, then refresh().
  void set_wake_at(std::uint64_t position) { ring_->wake_at.store(position, std::memory_order_relaxed); }

  /// Telemetry: this thread waits because there is no room here, or has waited for `waited_ns`.
  void note_blocked(std::uint64_t since_ns) { ring_->blocked_since_ns.store(since_ns, std::memory_order_relaxed); }
  void note_unblocked(std::uint64_t waited_ns) {
    ring_->blocked_since_ns.store(0, std::memory_order_relaxed);
    ring_->blocked_ns.store(ring_->blocked_ns.load(std::memory_order_relaxed) + waited_ns, std::memory_order_relaxed);
  }

 private:
  friend struct EndsAtOneAddress;
  struct Reader {
    Mapping mapping;
    const ReaderPage* page;
    Sleeper sleeper;
  };
  OutputEnd(const RingShape& shape, Mapping ring, std::vector<Reader> readers);

  Mapping ring_mapping_;
  RingPage* ring_;
  unsigned char* data_;
  std::uint64_t mask_;
  std::uint64_t capacity_bytes_;
  std::uint64_t window_bytes_;
  std::uint64_t message_bytes_;
  Position tail_;
  std::uint64_t head_ = 0;
  std::vector<Reader> readers_;
};

}  // namespace steady::ipc
