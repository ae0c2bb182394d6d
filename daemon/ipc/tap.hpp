// Copies of messages, taken out of a ring that somebody else reads. Nobody waits for a tap and nobody knows of it: the
// producer may overwrite what is being copied, so a copy counts only after it is known that nothing of it can have
// been. Read-only; one thread; takes no lock and never blocks.
//
// The bytes at position p are overwritten by those at p + ring_bytes. A copy is intact from position `floor` on, where
// either of two arguments gives a floor; the lower one counts.
//
// By the readers. A producer writes below `slowest head that it has seen + capacity_bytes`, so
//   floor = slowest + capacity_bytes - ring_bytes, with every head loaded after the copy.
//   Forbidden: 1. a reader stores head (release)  2. the producer sees it (acquire) and overwrites p  3. the tap copies
//   the new bytes  4. the tap loads that head and sees its older value. The copy's loads stand before an acquire fence
//   and the head's load behind it; the producer's writes stand behind its acquire load. SYNC(head)
//
// By the producer's calls. An actor publishes all that it writes in a step, or dies and its generation ends (the SDK
// grants room and counts it as put in one), so once no step that had begun before the copy's end is still unpublished,
//   floor = tail - ring_bytes.
//   The tap copies, fences, loads `begun`, waits for `returned` to reach it, and loads tail. A write that the copy saw
//   belongs to a call that had begun; that call has returned; its tail was stored before that. SYNC(tail)
//   What a dead generation may have written and not published has overwritten only what lies below the floor by the
//   readers; so nothing below that is believed any more when the generation changes.
//
// The first argues from a store that all other cores see at once (x86-64, ARMv8); the second also from stores that are
// seen in their order (x86-64). The producer's writes of a message are plain, as in every sequence lock; the tap loads
// whole words that are atomic, and uses none that may have been written meanwhile.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ipc/layout.hpp"
#include "ipc/ring.hpp"
#include "ipc/segment.hpp"

namespace steady::ipc {

/// The files of a channel.
struct TapPaths {
  std::string ring;
  std::vector<std::string> readers;
  std::string producer;  ///< the actor's segment
};

class Tap {
 public:
  /// One look: intact copies, in order, without gaps among them.
  struct Batch {
    struct Message {
      std::uint64_t sequence;
      std::string_view bytes;  ///< of a frame: without its head; valid until the next look
    };
    std::vector<Message> messages;
    std::uint64_t skipped = 0;  ///< numbers between the last message of an earlier look and the first of this one
  };
  enum class End { None, Closed, Replaced };

  /// Begins at the message that the slowest reader takes next. Errors: as map_segment; NotFound when a file is
  /// missing; Corrupt when the files contradict each other.
  [[nodiscard]] static Result<Tap> open(const TapPaths& paths);

  /// Begins anew at the newest `messages`, whether they were read or not, as far as they are intact. With frames, at the
  /// oldest that waits: nobody can find a frame's beginning from behind.
  void begin_at_newest(std::uint64_t messages);

  /// Copies at most `most` messages and at most about 1 MiB, or one frame that is longer. Empty: nothing new, or nothing
  /// that is known to be intact yet, or it was lost; look again later.
  [[nodiscard]] const Batch& next(std::uint64_t most);

  /// Whether the last look ended at the producer's position.
  [[nodiscard]] bool caught_up() const { return !copied_ && position_ >= tail_; }
  /// Whether another look would go beyond what was published when this was opened.
  [[nodiscard]] bool past_beginning() const { return !copied_ && position_ >= opened_at_; }
  /// Why no more will come: the stream is closed and all of it was shown, or other files have taken the place of these.
  [[nodiscard]] End end() const;

  [[nodiscard]] bool frames() const { return shape_.message_bytes == 0; }

 private:
  friend struct EndsAtOneAddress;
  struct File {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
  };
  /// Bytes that may not be intact.
  struct Copied {
    std::uint64_t position = 0;
    std::uint64_t floor = 0;  ///< by the readers
    std::uint64_t begun = 0;
    std::uint64_t generation = 0;
    unsigned looks = 0;
  };

  explicit Tap(const RingShape& shape) : shape_(shape) {}
  [[nodiscard]] Result<Mapping> map(const std::string& path, SegmentKind kind);
  bool look_at_tail();
  void copy(std::uint64_t most);
  void copy_words(std::uint64_t position, std::uint64_t size);
  [[nodiscard]] std::uint64_t frame_at(std::uint64_t position) const;
  [[nodiscard]] std::uint64_t floor_by_readers() const;
  [[nodiscard]] std::optional<std::uint64_t> floor();
  void note_generation();
  void take_messages(std::uint64_t floor);
  void take_frames();
  void add(std::uint64_t sequence, std::uint64_t offset, std::uint64_t size);
  void resynchronise(std::uint64_t most);

  RingShape shape_;
  std::vector<File> files_;
  Mapping ring_mapping_;
  std::vector<Mapping> reader_mappings_;
  Mapping producer_mapping_;
  const RingPage* ring_ = nullptr;
  const unsigned char* data_ = nullptr;
  std::vector<const ReaderPage*> readers_;
  const ActorPage* producer_ = nullptr;
  const ActorWords* words_ = nullptr;

  std::uint64_t position_ = 0;       ///< of the next message
  std::uint64_t opened_at_ = 0;      ///< the tail at the first look
  std::uint64_t tail_ = 0;           ///< at the last look
  std::uint64_t tail_messages_ = 0;  ///< likewise, or a little less
  bool closed_ = false;              ///< before that look at the tail
  std::uint64_t slowest_ = 0;        ///< the highest that was ever seen: a head that goes back is not believed
  std::uint64_t generation_ = 0;
  std::uint64_t doubtful_ = 0;       ///< below this, a dead generation may have written what it did not publish
  std::optional<std::uint64_t> expected_;  ///< number behind the last message that was shown
  std::optional<Copied> copied_;
  std::vector<std::uint64_t> bytes_;  ///< of `copied_`, beginning at its position rounded down to a word
  std::uint64_t size_ = 0;            ///< of the copy, from its position on
  Batch batch_;
};

}  // namespace steady::ipc
