// The bytes of shared memory. README.md beside this file draws them; this file is them.
//
// Every word has exactly one writer, named beside it; everyone else maps the page read-only. The one exception is the
// doorbell, an atomic add that may be spurious and is never lost. Nothing here has a constructor with effects, a
// pointer, or a lock: there is no instruction at which a kill leaves something half-locked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/histogram.hpp"

namespace steady::ipc {

/// Raised with every change of any struct in this file.
inline constexpr std::uint32_t kLayoutVersion = 3;

/// Two lines, because the prefetcher pulls in the neighbour. Fixed by us, so that every executable agrees.
inline constexpr std::size_t kPad = 128;

inline constexpr std::size_t kPage = 4096;

using Word = std::atomic<std::uint64_t>;
static_assert(Word::is_always_lock_free, "a word that needs a lock cannot be shared with a process that may be killed");
static_assert(sizeof(Word) == 8 && std::is_trivially_copyable_v<std::uint64_t>);

/// Of a word that only the caller writes, for people and metrics: nothing is handed over.
inline void count_up(Word& word) { word.store(word.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

enum class SegmentKind : std::uint32_t { Ring = 1, Reader = 2, Actor = 3, Bell = 4, Crash = 5 };

inline constexpr char kMagic[8] = {'s', 't', 'e', 'a', 'd', 'y', 's', 'g'};

/// The first bytes of every segment; written once by steadyd before the file gets its name, constant ever after.
struct SegmentHeader {
  char magic[8];
  std::uint32_t layout_version;
  SegmentKind kind;
  std::uint64_t size_bytes;   ///< of the whole file
  std::uint64_t incarnation;  ///< random; tells this file from any other that had or will have its name
};
static_assert(sizeof(SegmentHeader) == 32);

/// wake_at of a side that does not sleep: no position reaches it.
inline constexpr std::uint64_t kAwake = std::numeric_limits<std::uint64_t>::max();

/// A histogram in shared memory, as base/histogram.hpp. One writer; a reader's copy may be some samples apart in itself.
struct HistogramWords {
  Word count;           ///< written last. SYNC(recorded)
  Word sum;             ///< the bits of a double
  Word sum_of_squares;  ///< likewise
  Word buckets[kHistogramBuckets];
};

/// The most marks that are under way on one channel.
inline constexpr std::size_t kMarks = 64;

/// When a message was published, for the reader that takes it. Written by the producer before it publishes the message.
struct Mark {
  Word message;  ///< its sequence number; of a void mark 0, so that nobody waits for it. SYNC(mark)
  Word time_ns;  ///< monotonic clock; 0: void
  Word weight;   ///< how many messages it stands for
};

/// First page of a ring's file; the data follows. Constants by steadyd, words by the producer.
struct RingPage {
  SegmentHeader header;
  std::uint64_t ring_bytes;      ///< size of the data area: a power of two, whole pages
  std::uint64_t capacity_bytes;  ///< in flight at most: tail - head <= capacity_bytes <= ring_bytes
  std::uint64_t message_bytes;   ///< 0: frames
  std::uint64_t message_hash;    ///< of the message's layout; two that differ never share a ring

  alignas(kPad) Word tail;       ///< producer: bytes ever published. SYNC(tail)
  Word tail_messages;            ///< producer: frames ever published; stored after tail. SYNC(tail_messages)
  alignas(kPad) Word closed;     ///< producer: 1 = nothing will follow. SYNC(closed)
  Word blocked_ns;               ///< producer: time waited for lack of room on this ring, whole waits
  Word blocked_since_ns;         ///< producer: monotonic start of such a wait, or 0
  alignas(kPad) Word wake_at;    ///< producer: asleep until a head reaches this. SYNC(sleep)

  alignas(kPad) Word marks_made;  ///< producer: marks ever made; number i is in marks[i % kMarks]. SYNC(mark)
  Mark marks[kMarks];             ///< producer
};
static_assert(sizeof(RingPage) <= kPage);

/// A reader's page of a channel. Constants by steadyd, words by the reader.
struct ReaderPage {
  SegmentHeader header;
  std::uint64_t ring_incarnation;  ///< the ring that head counts in

  alignas(kPad) Word head;       ///< reader: bytes ever taken. SYNC(head)
  Word head_messages;            ///< reader: frames ever taken
  alignas(kPad) Word wake_at;    ///< reader: asleep until tail, of frames tail_messages, reaches this. SYNC(sleep)

  alignas(kPad) Word marks_passed;  ///< reader: marks whose slots it needs no more. SYNC(mark_passed)
  HistogramWords latency_ns;        ///< reader: age of messages when they are taken
};
static_assert(sizeof(ReaderPage) <= kPage);

/// An actor's doorbell, written by its neighbours: a spoiled one costs a late or a needless wake-up, never a message.
struct BellPage {
  SegmentHeader header;
  alignas(kPad) std::atomic<std::uint32_t> rings;  ///< futex; any neighbour adds 1. SYNC(bell)
};
static_assert(sizeof(BellPage) <= kPage);

/// The most ends (lanes and outputs) that one actor may have.
inline constexpr std::size_t kEndsMax = 256;

/// Where one end stands after a commit. Absolute values: storing them twice does no harm.
struct CommitEntry {
  std::uint64_t incarnation;  ///< of the reader page (input) or of the ring (output)
  std::uint64_t position;     ///< bytes
  std::uint64_t messages;     ///< of frames; others are counted by their bytes
};

/// The redo record. All but `armed` is read only by the next generation, after this one is gone.
struct CommitRecord {
  alignas(kPad) Word armed;  ///< worker: 0, or the commit is decided and may need to be finished. SYNC(commit)
  std::uint64_t state_current;
  std::uint64_t finished;
  std::uint64_t replay;  ///< ticket of the dead letter that this commit puts back, or 0
  std::uint64_t entry_count;
  CommitEntry entries[kEndsMax];
};

inline constexpr std::size_t kNoteBytes = 128;

/// What the actor's thread is doing, for people and metrics.
enum class Activity : std::uint64_t { Starting, Running, WaitingForInput, WaitingForRoom, WaitingForTimer, Done };

/// What is true of one generation only: zeroed by steadyd before each spawn, then the worker's.
///
/// SYNC(suspect): sequence is stored before reader, reader is taken back after the commit; steadyd reads both when the
///   process is gone. Forbidden: 1. step over, reader still set  2. death  3. an innocent message is blamed.
struct ProcessWords {
  Word begun;             ///< calls of step and finish that have begun
  Word returned;          ///< and that are committed; one fewer than begun: it is in the actor's code
  Word thread;            ///< the kernel's number of the actor's thread
  Word suspect_reader;    ///< incarnation of the reader page whose next message is alone in the step that runs; 0: none
  Word suspect_sequence;  ///< number of that message
};

/// What the actor's thread has waited for, in nanoseconds of whole waits. `since_ns` is the monotonic start of the wait
/// that lasts, or 0; `activity` says for what.
struct WaitWords {
  Word input_ns;
  Word room_ns;
  Word timer_ns;
  Word since_ns;
};

/// Second page (and following) of an actor's segment. All words by the worker.
struct ActorWords {
  alignas(kPad) Word state_current;  ///< 0: never committed; 1 or 2: which buffer counts. SYNC(state)
  Word state_commits;                ///< commits that changed the state; a reader retries when it moved. SYNC(state)
  Word last_replay;                  ///< highest ticket of a dead letter that was put back here
  alignas(kPad) Word steps;
  Word activity;
  Word finished;                     ///< 1: its streams ended and its outputs are closed
  ProcessWords process;
  WaitWords waits;
  HistogramWords step_ns;            ///< how long steps take; a sampled one stands for those since the last sample
  HistogramWords batch_messages;     ///< messages that a step takes, of a source: puts; sampled likewise
  alignas(kPad) Word note_sequence;  ///< odd while the note is being written. SYNC(note)
  Word note[kNoteBytes / 8];         ///< text, padded with zeros
  CommitRecord record;
};

/// First page of an actor's segment; constants by steadyd. `generation` by steadyd, before each spawn.
struct ActorPage {
  SegmentHeader header;
  std::uint64_t state_bytes;    ///< of the actor type's state
  std::uint64_t state_version;
  std::uint64_t metric_count;   ///< 8 bytes each, behind the state
  std::uint64_t block_bytes;    ///< state and metrics: one buffer
  std::uint64_t block_stride;   ///< from the first buffer to the second
  Word generation;
};
static_assert(sizeof(ActorPage) <= kPage);

inline constexpr std::size_t kActorWordsOffset = kPage;
inline constexpr std::size_t kActorBlocksOffset = kPage + (sizeof(ActorWords) + kPage - 1) / kPage * kPage;

}  // namespace steady::ipc
