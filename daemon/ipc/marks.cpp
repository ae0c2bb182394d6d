#include "ipc/marks.hpp"

#include <algorithm>
#include <utility>

#include "ipc/histogram.hpp"

namespace steady::ipc {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

// ---- the producer ---------------------------------------------------------------------------------------------------

MarkMaker::MarkMaker(RingPage& ring, std::vector<const ReaderPage*> readers, std::uint64_t capacity_bytes, Position tail)
    : ring_(&ring),
      readers_(std::move(readers)),
      spacing_bytes_(capacity_bytes / (kMarks / 2)),
      made_(ring.marks_made.load(kRelaxed)),
      passed_(made_ - kMarks),  // unknown until the first look
      marked_(tail),
      random_(ring.header.incarnation | 1) {
  make_void(tail.messages);
}

/// The message that gets this number will be another one, at another time.
void MarkMaker::make_void(std::uint64_t tail_messages) {
  for (Mark& mark : ring_->marks) {
    if (mark.message.load(kRelaxed) < tail_messages) continue;
    mark.time_ns.store(0, kRelaxed);
    mark.message.store(0, std::memory_order_release);  // SYNC(mark): after its time
  }
}

void MarkMaker::make(Position from, Position to, std::uint64_t now_ns) {
  const std::uint64_t taken = open();
  // Were they spent on the first steps of a full ring, its later messages would have none, and they are the older ones.
  const bool scarce = taken >= kMarks / 2 && to.bytes - marked_.bytes < spacing_bytes_;
  if (from.messages >= to.messages || taken >= kMarks || scarce) return;
  Mark& mark = ring_->marks[made_ % kMarks];
  mark.message.store(from.messages + random() % (to.messages - from.messages), kRelaxed);
  mark.time_ns.store(now_ns, kRelaxed);
  mark.weight.store(to.messages - marked_.messages, kRelaxed);
  marked_ = to;
  ring_->marks_made.store(++made_, std::memory_order_release);  // SYNC(mark)
}

/// How many slots a reader may still want. One that claims the impossible begins anew when it looks, so it wants none.
std::uint64_t MarkMaker::open() {
  if (made_ - passed_ < kMarks / 2) return made_ - passed_;
  std::uint64_t most = 0;
  for (const ReaderPage* const reader : readers_) {
    const std::uint64_t wanted = made_ - reader->marks_passed.load(std::memory_order_acquire);  // SYNC(mark_passed)
    if (wanted <= kMarks) most = std::max(most, wanted);
  }
  passed_ = made_ - most;
  return most;
}

/// Marsaglia's xorshift: cheap, and any pattern in it has nothing to do with the actor's.
std::uint64_t MarkMaker::random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

// ---- the reader -----------------------------------------------------------------------------------------------------

MarkReader::MarkReader(const RingPage& ring, ReaderPage& page, std::uint64_t capacity_bytes, std::uint64_t head_messages)
    : ring_(&ring),
      page_(&page),
      capacity_bytes_(capacity_bytes),
      passed_(page.marks_passed.load(kRelaxed)),
      made_(ring.marks_made.load(std::memory_order_acquire)) {  // SYNC(mark)
  // Their messages were taken by a generation that died before it could look at the clock.
  take(head_messages, head_messages, 0);
}

void MarkReader::take(std::uint64_t head_messages, std::uint64_t seen_messages, std::uint64_t now_ns) {
  made_ = ring_->marks_made.load(std::memory_order_acquire);  // SYNC(mark)
  if (made_ - passed_ > kMarks) passed_ = made_;              // a new page on an old ring, or nonsense: begin anew
  while (passed_ != made_ && !waits(head_messages)) {
    const Mark& mark = ring_->marks[passed_++ % kMarks];
    const std::uint64_t time_ns = mark.time_ns.load(kRelaxed);
    const std::uint64_t weight = mark.weight.load(kRelaxed);
    const bool sound = time_ns != 0 && time_ns <= now_ns && weight <= seen_messages &&
                       mark.message.load(kRelaxed) < head_messages;
    if (sound) record(page_->latency_ns, now_ns - time_ns, weight);
  }
  page_->marks_passed.store(passed_, std::memory_order_release);  // SYNC(mark_passed)
}

// ---- observers ------------------------------------------------------------------------------------------------------

std::uint64_t oldest_mark_ns(const RingPage& ring, const ReaderPage& reader, std::uint64_t head_messages,
                             std::uint64_t tail_messages) {
  const std::uint64_t passed = reader.marks_passed.load(std::memory_order_acquire);  // SYNC(mark_passed)
  const std::uint64_t made = ring.marks_made.load(std::memory_order_acquire);        // SYNC(mark)
  if (made - passed > kMarks) return 0;
  for (std::uint64_t i = passed; i != made; ++i) {
    const Mark& mark = ring.marks[i % kMarks];
    const std::uint64_t message = mark.message.load(std::memory_order_acquire);  // SYNC(mark)
    const std::uint64_t time_ns = mark.time_ns.load(kRelaxed);
    if (time_ns != 0 && message >= head_messages && message < tail_messages) return time_ns;
  }
  return 0;
}

}  // namespace steady::ipc
