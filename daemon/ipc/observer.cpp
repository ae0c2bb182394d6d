#include "ipc/observer.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/files.hpp"
#include "ipc/histogram.hpp"
#include "ipc/marks.hpp"

namespace steady::ipc {
namespace {

Result<Mapping> map_file(const std::string& path, SegmentKind kind) {
  auto fd = open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  auto mapping = map_segment(fd->get(), kind, Access::ReadOnly);
  if (!mapping) return fail(std::move(mapping.error()), path);
  return mapping;
}

std::string copy_note(const ActorWords& words) {
  char text[kNoteBytes + 1] = {};
  for (int attempt = 0; attempt < 4; ++attempt) {
    const std::uint64_t before = words.note_sequence.load(std::memory_order_acquire);  // SYNC(note)
    for (std::size_t i = 0; i < kNoteBytes / 8; ++i) {
      const std::uint64_t word = words.note[i].load(std::memory_order_acquire);
      std::memcpy(text + i * 8, &word, 8);
    }
    if (before % 2 == 0 && words.note_sequence.load(std::memory_order_relaxed) == before) return text;
  }
  return {};  // it is being written all the time; the next sample will show it
}

}  // namespace

Result<ChannelObserver> ChannelObserver::open(const std::string& ring_path,
                                              const std::vector<std::string>& reader_paths) {
  ChannelObserver observer;
  auto ring = map_file(ring_path, SegmentKind::Ring);
  if (!ring) return tl::unexpected(std::move(ring.error()));
  observer.ring_ = std::move(*ring);
  observer.message_bytes_ = observer.ring_.at<const RingPage>(0)->message_bytes;
  for (const std::string& path : reader_paths) {
    auto reader = map_file(path, SegmentKind::Reader);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    observer.readers_.push_back(std::move(*reader));
  }
  return observer;
}

ChannelSample ChannelObserver::sample(std::uint64_t now_ns) const {
  const auto& ring = *ring_.at<const RingPage>(0);
  ChannelSample sample;
  sample.capacity_bytes = ring.capacity_bytes;
  sample.closed = ring.closed.load(std::memory_order_acquire) != 0;
  sample.incarnation = ring.header.incarnation;
  // Heads before tail: a reader seen here can then not be ahead of the tail seen here.
  for (const Mapping& mapping : readers_) {
    const auto& page = *mapping.at<const ReaderPage>(0);
    sample.readers.push_back({page.header.incarnation, page.head.load(std::memory_order_acquire),
                              page.head_messages.load(std::memory_order_relaxed)});
  }
  sample.tail_messages = ring.tail_messages.load(std::memory_order_acquire);
  sample.tail_bytes = ring.tail.load(std::memory_order_acquire);
  sample.blocked_ns = ring.blocked_ns.load(std::memory_order_relaxed);
  const std::uint64_t since_ns = ring.blocked_since_ns.load(std::memory_order_relaxed);
  if (since_ns != 0 && since_ns < now_ns) sample.blocked_ns += now_ns - since_ns;
  if (message_bytes_ != 0) {
    sample.tail_messages = sample.tail_bytes / message_bytes_;
    for (auto& reader : sample.readers) reader.head_messages = reader.head_bytes / message_bytes_;
  }
  for (auto& reader : sample.readers) reader.head_messages = std::min(reader.head_messages, sample.tail_messages);
  return sample;
}

Histogram ChannelObserver::latency(std::size_t reader) const {
  return copy(readers_.at(reader).at<const ReaderPage>(0)->latency_ns);
}

std::uint64_t ChannelObserver::latency_recorded(std::size_t reader) const {
  return recorded(readers_.at(reader).at<const ReaderPage>(0)->latency_ns);
}

/// Of one size: by their bytes, as sample() counts them.
std::uint64_t ChannelObserver::tail_messages() const {
  const auto& ring = *ring_.at<const RingPage>(0);
  if (message_bytes_ == 0) return ring.tail_messages.load(std::memory_order_acquire);
  return ring.tail.load(std::memory_order_acquire) / message_bytes_;
}

std::uint64_t ChannelObserver::head_messages(const ReaderPage& page) const {
  if (message_bytes_ == 0) return page.head_messages.load(std::memory_order_relaxed);
  return page.head.load(std::memory_order_acquire) / message_bytes_;
}

std::uint64_t ChannelObserver::oldest_mark_ns(std::size_t reader) const {
  const auto& page = *readers_.at(reader).at<const ReaderPage>(0);
  return ipc::oldest_mark_ns(*ring_.at<const RingPage>(0), page, head_messages(page), tail_messages());
}

Result<ActorObserver> ActorObserver::open(const std::string& actor_path) {
  auto mapping = map_file(actor_path, SegmentKind::Actor);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  ActorObserver observer;
  observer.mapping_ = std::move(*mapping);
  return observer;
}

ActorObserver::Calls ActorObserver::calls() const {
  const ProcessWords& words = mapping_.at<const ActorWords>(kActorWordsOffset)->process;
  Calls calls;
  calls.returned = words.returned.load(std::memory_order_relaxed);  // before begun: never more than it
  calls.begun = words.begun.load(std::memory_order_relaxed);
  calls.thread = static_cast<int>(words.thread.load(std::memory_order_relaxed));
  return calls;
}

Histogram ActorObserver::step() const { return copy(mapping_.at<const ActorWords>(kActorWordsOffset)->step_ns); }

Histogram ActorObserver::batch() const {
  return copy(mapping_.at<const ActorWords>(kActorWordsOffset)->batch_messages);
}

std::uint64_t ActorObserver::step_recorded() const {
  return recorded(mapping_.at<const ActorWords>(kActorWordsOffset)->step_ns);
}

std::uint64_t ActorObserver::batch_recorded() const {
  return recorded(mapping_.at<const ActorWords>(kActorWordsOffset)->batch_messages);
}

WaitSample ActorObserver::waits(std::uint64_t now_ns) const {
  constexpr auto relaxed = std::memory_order_relaxed;  // shown, not used: a wait that just ends may be missing
  const auto& words = *mapping_.at<const ActorWords>(kActorWordsOffset);
  const std::uint64_t since_ns = words.waits.since_ns.load(relaxed);
  const std::uint64_t lasts = since_ns != 0 && since_ns < now_ns ? now_ns - since_ns : 0;
  WaitSample waits{words.waits.input_ns.load(relaxed), words.waits.room_ns.load(relaxed),
                   words.waits.timer_ns.load(relaxed)};
  switch (static_cast<Activity>(words.activity.load(relaxed))) {
    case Activity::WaitingForInput: waits.input_ns += lasts; break;
    case Activity::WaitingForRoom: waits.room_ns += lasts; break;
    case Activity::WaitingForTimer: waits.timer_ns += lasts; break;
    default: break;  // it has just woken
  }
  return waits;
}

std::uint64_t ActorObserver::steps() const {
  return mapping_.at<const ActorWords>(kActorWordsOffset)->steps.load(std::memory_order_relaxed);
}

ActorSample ActorObserver::sample() const {
  const auto& page = *mapping_.at<const ActorPage>(0);
  const auto& words = *mapping_.at<const ActorWords>(kActorWordsOffset);
  ActorSample sample;
  sample.generation = page.generation.load(std::memory_order_relaxed);
  sample.steps = words.steps.load(std::memory_order_relaxed);
  sample.last_replay = words.last_replay.load(std::memory_order_relaxed);
  sample.suspect_reader = words.process.suspect_reader.load(std::memory_order_acquire);  // SYNC(suspect)
  sample.suspect_sequence = words.process.suspect_sequence.load(std::memory_order_relaxed);
  sample.activity = static_cast<Activity>(std::min(words.activity.load(std::memory_order_relaxed),
                                                   static_cast<std::uint64_t>(Activity::Done)));
  sample.finished = words.finished.load(std::memory_order_relaxed) != 0;
  sample.note = copy_note(words);
  const std::uint64_t metric_count = page.metric_count;
  const std::uint64_t state_bytes = page.state_bytes;
  const std::uint64_t stride = page.block_stride;
  const std::uint64_t size_bytes = mapping_.size_bytes();
  if (stride > size_bytes || state_bytes > size_bytes || metric_count > size_bytes / 8 || (stride | state_bytes) % 8 != 0 ||
      kActorBlocksOffset + stride + state_bytes + metric_count * 8 > size_bytes)
    return sample;  // the worker maps this page for writing, so what it says may be a plugin's wild write
  sample.metrics.resize(metric_count);
  for (int attempt = 0; attempt < 4; ++attempt) {
    const std::uint64_t before = words.state_commits.load(std::memory_order_acquire);  // SYNC(state)
    const std::uint64_t current = words.state_current.load(std::memory_order_acquire);
    const std::uint64_t offset = kActorBlocksOffset + (current == 2 ? stride : 0) + state_bytes;
    for (std::uint64_t i = 0; i < metric_count; ++i)
      sample.metrics[i] = mapping_.at<const Word>(offset)[i].load(std::memory_order_acquire);
    // Unmoved: the worker wrote at most to the other buffer meanwhile.
    if (words.state_commits.load(std::memory_order_relaxed) == before) break;
  }
  return sample;
}

}  // namespace steady::ipc
