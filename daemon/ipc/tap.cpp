#include "ipc/tap.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/files.hpp"

namespace steady::ipc {
namespace {

/// What one look copies at most, so that it neither takes long nor sweeps a cache.
constexpr std::uint64_t kLookBytes = 1 << 20;

/// How often the producer's calls are looked at before the copy is kept for the next look; some 20 us.
constexpr int kConfirmations = 200;

/// Looks after which a copy is given up: its producer hangs in a step, or died in one.
constexpr unsigned kLooksMax = 100;

/// The head of a frame, as steady_frame of the plugin contract.
struct FrameHead {
  std::uint32_t length;
  std::uint32_t sequence_low;
};

constexpr std::uint64_t frame_bytes(std::uint64_t length) { return (sizeof(FrameHead) + length + 7) / 8 * 8; }

constexpr std::uint64_t less(std::uint64_t from, std::uint64_t what) { return from > what ? from - what : 0; }

/// The number with these low 32 bits that is next to `near`.
std::uint64_t whole_sequence(std::uint32_t low, std::uint64_t near) {
  const auto distance = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(near));
  return near + static_cast<std::uint64_t>(static_cast<std::int64_t>(distance));
}

}  // namespace

Result<Tap> Tap::open(const TapPaths& paths) {
  Tap tap{RingShape{}};
  auto ring = tap.map(paths.ring, SegmentKind::Ring);
  if (!ring) return tl::unexpected(std::move(ring.error()));
  tap.ring_mapping_ = std::move(*ring);
  tap.ring_ = tap.ring_mapping_.at<const RingPage>(0);
  tap.data_ = tap.ring_mapping_.at<const unsigned char>(kPage);
  const auto shape = shape_of(*tap.ring_, tap.ring_mapping_.size_bytes());
  if (!shape) return fail(shape.error(), paths.ring);
  tap.shape_ = *shape;
  for (const std::string& path : paths.readers) {
    auto reader = tap.map(path, SegmentKind::Reader);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    const auto* const page = reader->at<const ReaderPage>(0);
    if (page->ring_incarnation != shape->incarnation)
      return fail(ErrorCode::Corrupt, path + ": belongs to another ring");
    tap.readers_.push_back(page);
    tap.reader_mappings_.push_back(std::move(*reader));
  }
  auto producer = tap.map(paths.producer, SegmentKind::Actor);
  if (!producer) return tl::unexpected(std::move(producer.error()));
  tap.producer_mapping_ = std::move(*producer);
  tap.producer_ = tap.producer_mapping_.at<const ActorPage>(0);
  tap.words_ = tap.producer_mapping_.at<const ActorWords>(kActorWordsOffset);
  tap.generation_ = tap.producer_->generation.load(std::memory_order_acquire);
  if (!tap.look_at_tail()) return fail(ErrorCode::Corrupt, paths.ring + ": its positions contradict each other");
  if (tap.generation_ != 0) tap.doubtful_ = tap.floor_by_readers();
  tap.position_ = tap.slowest_;
  tap.opened_at_ = tap.tail_;
  return tap;
}

Result<Mapping> Tap::map(const std::string& path, SegmentKind kind) {
  auto fd = open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return fail_errno(path);
  files_.push_back({path, status.st_dev, status.st_ino});
  auto mapping = kind == SegmentKind::Ring ? map_ring(fd->get(), Access::ReadOnly)
                                           : map_segment(fd->get(), kind, Access::ReadOnly);
  if (!mapping) return fail(std::move(mapping.error()), path);
  return mapping;
}

void Tap::begin_at_newest(std::uint64_t messages) {
  if (frames()) return;
  const std::uint64_t most = shape_.ring_bytes / shape_.message_bytes;
  position_ = less(tail_, std::min(messages, most) * shape_.message_bytes);
}

Tap::End Tap::end() const {
  for (const File& file : files_) {
    struct stat status {};
    const bool same = ::lstat(file.path.c_str(), &status) == 0 && status.st_ino == file.inode &&
                      status.st_dev == file.device;
    if (!same) return End::Replaced;
  }
  return closed_ && caught_up() ? End::Closed : End::None;
}

/// False when what the producer says cannot be right; everything then stays as it was.
bool Tap::look_at_tail() {
  const bool closed = ring_->closed.load(std::memory_order_acquire) != 0;                     // SYNC(closed)
  const std::uint64_t messages = ring_->tail_messages.load(std::memory_order_acquire);        // SYNC(tail_messages)
  const std::uint64_t tail = ring_->tail.load(std::memory_order_acquire);                     // SYNC(tail)
  const std::uint64_t unit = frames() ? 8 : shape_.message_bytes;
  if (tail < tail_ || tail % unit != 0) return false;
  std::uint64_t slowest = tail;
  for (const ReaderPage* const page : readers_)
    slowest = std::min(slowest, page->head.load(std::memory_order_acquire));  // SYNC(head)
  slowest = std::max(slowest, slowest_);
  if (tail - slowest > shape_.capacity_bytes || slowest % unit != 0) return false;  // heads are the newer ones here
  slowest_ = slowest;
  closed_ = closed;
  tail_ = tail;
  tail_messages_ = frames() ? messages : tail / unit;
  return true;
}

const Tap::Batch& Tap::next(std::uint64_t most) {
  batch_.messages.clear();
  batch_.skipped = 0;
  if (!copied_) copy(std::max<std::uint64_t>(most, 1));
  if (!copied_) return batch_;
  const auto intact = floor();
  if (!intact) return batch_;
  if (!frames())
    take_messages(*intact);
  else if (copied_->position >= *intact)
    take_frames();
  copied_.reset();
  if (batch_.messages.empty()) resynchronise(most);
  return batch_;
}

void Tap::copy(std::uint64_t most) {
  note_generation();
  if (!look_at_tail()) return;
  if (position_ < less(tail_, shape_.ring_bytes)) resynchronise(most);
  if (position_ >= tail_) return;
  std::uint64_t size = std::min(tail_ - position_, kLookBytes);
  if (frames())
    size = std::max(size, std::min(frame_at(position_), tail_ - position_));
  else
    size = std::clamp<std::uint64_t>(size / shape_.message_bytes, 1, most) * shape_.message_bytes;
  copied_ = Copied{.position = position_, .generation = generation_};
  copy_words(position_, size);
  std::atomic_thread_fence(std::memory_order_acquire);  // SYNC(head): what follows is not older than the copy
  copied_->floor = floor_by_readers();
  copied_->begun = words_->process.begun.load(std::memory_order_acquire);
}

/// Whole words, of which the first and the last may hold bytes of a neighbour; the second mapping has those at the end.
void Tap::copy_words(std::uint64_t position, std::uint64_t size) {
  const std::uint64_t first = (position & (shape_.ring_bytes - 1)) / 8;
  const std::uint64_t last = ((position & (shape_.ring_bytes - 1)) + size + 7) / 8;
  const auto* const words = reinterpret_cast<const Word*>(data_);
  bytes_.resize(last - first);
  for (std::uint64_t i = first; i < last; ++i)  // relaxed: the fence behind the copy orders all of them
    bytes_[i - first] = words[i].load(std::memory_order_relaxed);
  size_ = size;
}

/// What the frame at this position takes in the ring, if it can be believed.
std::uint64_t Tap::frame_at(std::uint64_t position) const {
  const auto& word = *reinterpret_cast<const Word*>(data_ + (position & (shape_.ring_bytes - 1)));
  const std::uint64_t head = word.load(std::memory_order_relaxed);  // checked again in the copy
  return frame_bytes(static_cast<std::uint32_t>(head));
}

/// Not limited by the tail that was seen before the copy: readers, and the producer behind them, may be far beyond it.
std::uint64_t Tap::floor_by_readers() const {
  std::uint64_t slowest = std::numeric_limits<std::uint64_t>::max() / 2;  // of one without readers nothing is believed
  for (const ReaderPage* const page : readers_)
    slowest = std::min(slowest, page->head.load(std::memory_order_acquire));  // SYNC(head)
  return less(std::max(slowest, slowest_) + shape_.capacity_bytes, shape_.ring_bytes);
}

/// From where on the copy is intact; empty while that cannot be told.
std::optional<std::uint64_t> Tap::floor() {
  if (copied_->position >= copied_->floor) return copied_->floor;
  for (int i = 0; i < kConfirmations; ++i) {
    const bool returned = words_->process.returned.load(std::memory_order_acquire) >= copied_->begun &&
                          words_->activity.load(std::memory_order_acquire) !=
                              static_cast<std::uint64_t>(Activity::Starting);  // start() is no counted call
    const std::uint64_t tail = ring_->tail.load(std::memory_order_acquire);    // SYNC(tail)
    // Last: a start raises the generation before it zeroes the calls.
    if (producer_->generation.load(std::memory_order_acquire) != copied_->generation) return copied_->floor;
    if (returned)
      return std::min(copied_->floor, std::max(less(std::max(tail, tail_), shape_.ring_bytes), doubtful_));
  }
  if (++copied_->looks < kLooksMax) return std::nullopt;
  return copied_->floor;
}

void Tap::note_generation() {
  const std::uint64_t generation = producer_->generation.load(std::memory_order_acquire);
  if (generation == generation_) return;
  generation_ = generation;
  doubtful_ = floor_by_readers();
}

void Tap::take_messages(std::uint64_t floor) {
  const std::uint64_t size = shape_.message_bytes;
  const std::uint64_t behind = copied_->position + size_;
  std::uint64_t at = std::max(copied_->position, (floor + size - 1) / size * size);
  for (; at < behind; at += size) add(at / size, at - copied_->position, size);
  position_ = behind;
}

/// A length and a number that do not fit are the producer's doing: the rest is lost.
void Tap::take_frames() {
  std::uint64_t offset = 0;
  while (offset + sizeof(FrameHead) <= size_) {
    FrameHead head;
    std::memcpy(&head, reinterpret_cast<const char*>(bytes_.data()) + offset, sizeof head);
    const std::uint64_t bytes = frame_bytes(head.length);
    const std::uint64_t sequence = whole_sequence(head.sequence_low, tail_messages_);
    const bool follows = batch_.messages.empty() || sequence == batch_.messages.back().sequence + 1;
    if (bytes > tail_ - copied_->position - offset || !follows || (expected_ && sequence < *expected_)) {
      position_ = tail_;
      return;
    }
    if (bytes > size_ - offset) break;  // the next look's
    add(sequence, offset + sizeof head, head.length);
    offset += bytes;
  }
  position_ = copied_->position + offset;
}

void Tap::add(std::uint64_t sequence, std::uint64_t offset, std::uint64_t size) {
  if (batch_.messages.empty() && expected_) batch_.skipped = less(sequence, *expected_);
  const char* const first = reinterpret_cast<const char*>(bytes_.data()) + (copied_->position & 7);
  batch_.messages.push_back({sequence, {first + offset, static_cast<std::size_t>(size)}});
  expected_ = sequence + 1;
}

/// What was next is lost: goes on with the newest, which live longest, or where a frame is known to begin.
void Tap::resynchronise(std::uint64_t most) {
  static_cast<void>(look_at_tail());
  const std::uint64_t size = shape_.message_bytes;
  const std::uint64_t wanted = frames() ? tail_ - slowest_ : std::min(most, shape_.ring_bytes / 8 / size) * size;
  position_ = std::max(position_, less(tail_, wanted));
}

}  // namespace steady::ipc
