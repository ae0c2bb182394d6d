#include "ipc/ring.hpp"

#include <string>
#include <utility>

namespace steady::ipc {
namespace {

/// The constants of a ring, copied once and checked against the mapping; nothing else of the page is trusted.
Status check_ring(const RingPage& page, std::size_t mapped_bytes) {
  const std::uint64_t ring_bytes = page.ring_bytes;
  const std::uint64_t capacity_bytes = page.capacity_bytes;
  const std::uint64_t message_bytes = page.message_bytes;
  if (kPage + 2 * ring_bytes != mapped_bytes)
    return fail(ErrorCode::Corrupt, "ring says " + std::to_string(ring_bytes) + " data bytes");
  if (capacity_bytes == 0 || capacity_bytes > ring_bytes || (message_bytes != 0 && capacity_bytes % message_bytes != 0))
    return fail(ErrorCode::Corrupt, "ring says a capacity of " + std::to_string(capacity_bytes) + " bytes");
  return {};
}


}  // namespace

Result<InputEnd> InputEnd::create(int ring_fd, int reader_fd, int producer_bell_fd) {
  auto ring = map_ring(ring_fd, Access::ReadOnly);
  if (!ring) return fail(std::move(ring.error()), "ring");
  if (const auto status = check_ring(*ring->at<RingPage>(0), ring->size_bytes()); !status)
    return tl::unexpected(status.error());
  auto reader = map_segment(reader_fd, SegmentKind::Reader, Access::ReadWrite);
  if (!reader) return fail(std::move(reader.error()), "reader page");
  if (reader->at<ReaderPage>(0)->ring_incarnation != ring->at<RingPage>(0)->header.incarnation)
    return fail(ErrorCode::Corrupt, "reader page belongs to another ring");
  auto bell = Bell::create(producer_bell_fd);
  if (!bell) return tl::unexpected(std::move(bell.error()));
  return InputEnd(std::move(*ring), std::move(*reader), std::move(*bell));
}

InputEnd::InputEnd(Mapping ring, Mapping reader, Bell producer_bell)
    : ring_mapping_(std::move(ring)),
      reader_mapping_(std::move(reader)),
      ring_(ring_mapping_.at<const RingPage>(0)),
      page_(reader_mapping_.at<ReaderPage>(0)),
      data_(ring_mapping_.at<unsigned char>(kPage)),
      mask_(ring_->ring_bytes - 1),
      capacity_bytes_(ring_->capacity_bytes),
      message_bytes_(ring_->message_bytes),
      head_{page_->head.load(std::memory_order_relaxed), page_->head_messages.load(std::memory_order_relaxed)},
      tail_(head_),
      producer_(&ring_->wake_at, std::move(producer_bell)) {
  set_wake_at(kAwake);  // the previous generation may have died asleep
}

Result<OutputEnd> OutputEnd::create(int ring_fd, const std::vector<ReaderFds>& readers) {
  auto ring = map_ring(ring_fd, Access::ReadWrite);
  if (!ring) return fail(std::move(ring.error()), "ring");
  const RingPage& page = *ring->at<const RingPage>(0);
  if (const auto status = check_ring(page, ring->size_bytes()); !status) return tl::unexpected(status.error());
  std::vector<Reader> mapped;
  for (const ReaderFds& fds : readers) {
    auto reader = map_segment(fds.page, SegmentKind::Reader, Access::ReadOnly);
    if (!reader) return fail(std::move(reader.error()), "reader page");
    auto bell = Bell::create(fds.bell);
    if (!bell) return tl::unexpected(std::move(bell.error()));
    const auto* const reader_page = reader->at<const ReaderPage>(0);
    if (reader_page->ring_incarnation != page.header.incarnation)
      return fail(ErrorCode::Corrupt, "reader page belongs to another ring");
    mapped.push_back({std::move(*reader), reader_page, Sleeper(&reader_page->wake_at, std::move(*bell))});
  }
  return OutputEnd(std::move(*ring), std::move(mapped));
}

OutputEnd::OutputEnd(Mapping ring, std::vector<Reader> readers)
    : ring_mapping_(std::move(ring)),
      ring_(ring_mapping_.at<RingPage>(0)),
      data_(ring_mapping_.at<unsigned char>(kPage)),
      mask_(ring_->ring_bytes - 1),
      capacity_bytes_(ring_->capacity_bytes),
      message_bytes_(ring_->message_bytes),
      tail_{ring_->tail.load(std::memory_order_relaxed), ring_->tail_messages.load(std::memory_order_relaxed)},
      head_(tail_.bytes - capacity_bytes_),  // no room until the first refresh()
      readers_(std::move(readers)) {
  set_wake_at(kAwake);  // the previous generation may have died asleep
  ring_->blocked_since_ns.store(0, std::memory_order_relaxed);
}

void OutputEnd::set_closed(bool closed) {
  ring_->closed.store(closed ? 1 : 0, std::memory_order_release);  // SYNC(closed): after the last tail
  if (!closed) return;
  for (const Reader& reader : readers_) reader.sleeper.wake_always();
}

}  // namespace steady::ipc
