#include "ipc/ring.hpp"

#include <string>
#include <utility>

namespace steady::ipc {
namespace {

/// Where an end stood when its last owner ended. Messages of one size are counted by their bytes: the word for messages
/// is a store of its own, and a kill between the two would leave them apart for good.
Position last_position(std::uint64_t message_bytes, const Word& bytes, const Word& messages) {
  Position position{bytes.load(std::memory_order_relaxed), messages.load(std::memory_order_relaxed)};
  if (message_bytes != 0) position.messages = position.bytes / message_bytes;
  return position;
}

}  // namespace

Result<RingShape> shape_of(const RingPage& page, std::size_t mapped_bytes) {
  const RingShape shape{page.header.incarnation, page.ring_bytes, page.capacity_bytes, page.message_bytes};
  if (kPage + 2 * shape.ring_bytes != mapped_bytes)
    return fail(ErrorCode::Corrupt, "ring says " + std::to_string(shape.ring_bytes) + " data bytes");
  if (!shape.possible())
    return fail(ErrorCode::Corrupt, "ring says a capacity of " + std::to_string(shape.capacity_bytes) + " bytes");
  return shape;
}

Result<InputEnd> InputEnd::create(int ring_fd, int reader_fd, int producer_bell_fd, const RingMemory& memory) {
  auto end = map(ring_fd, reader_fd, producer_bell_fd, memory);
  if (!end) return end;
  if (auto begun = end->begin_at_last(); !begun) return tl::unexpected(std::move(begun.error()));
  return end;
}

Result<InputEnd> InputEnd::map(int ring_fd, int reader_fd, int producer_bell_fd, const RingMemory& memory) {
  auto ring = map_ring(ring_fd, Access::ReadOnly, memory);
  if (!ring) return fail(std::move(ring.error()), "ring");
  const auto shape = shape_of(*ring->at<const RingPage>(0), ring->size_bytes());
  if (!shape) return tl::unexpected(shape.error());
  auto reader = map_reader(reader_fd, Access::ReadOnly, memory);
  if (!reader) return fail(std::move(reader.error()), "reader page");
  if (reader->at<const ReaderPage>(0)->ring_incarnation != shape->incarnation)
    return fail(ErrorCode::Corrupt, "reader page belongs to another ring");
  auto bell = Bell::create(producer_bell_fd);
  if (!bell) return tl::unexpected(std::move(bell.error()));
  return InputEnd(*shape, std::move(*ring), std::move(*reader), std::move(*bell));
}

InputEnd::InputEnd(const RingShape& shape, Mapping ring, Mapping reader, Bell producer_bell)
    : ring_mapping_(std::move(ring)),
      reader_mapping_(std::move(reader)),
      ring_(ring_mapping_.at<const RingPage>(0)),
      page_(reader_mapping_.at<ReaderPage>(0)),
      data_(ring_mapping_.at<unsigned char>(kPage)),
      mask_(shape.ring_bytes - 1),
      capacity_bytes_(shape.capacity_bytes),
      message_bytes_(shape.message_bytes),
      producer_(&ring_->wake_at, std::move(producer_bell)) {}

Status InputEnd::begin_at_last() {
  if (auto allowed = reader_mapping_.allow_writes(); !allowed) return fail(std::move(allowed.error()), "reader page");
  head_ = last_position(message_bytes_, page_->head, page_->head_messages);
  tail_ = head_;
  set_wake_at(kAwake);  // the previous generation may have died asleep
  return {};
}

void InputEnd::enter_pages() const {
  ring_mapping_.enter_pages(ring_mapping_.size_bytes());
  reader_mapping_.enter_pages(reader_mapping_.size_bytes());
}

Result<OutputEnd> OutputEnd::create(int ring_fd, const std::vector<ReaderFds>& readers, const RingMemory& memory) {
  auto end = map(ring_fd, readers, memory);
  if (!end) return end;
  if (auto begun = end->begin_at_last(); !begun) return tl::unexpected(std::move(begun.error()));
  return end;
}

Result<OutputEnd> OutputEnd::map(int ring_fd, const std::vector<ReaderFds>& readers, const RingMemory& memory) {
  auto ring = map_ring(ring_fd, Access::ReadOnly, memory);
  if (!ring) return fail(std::move(ring.error()), "ring");
  const auto shape = shape_of(*ring->at<const RingPage>(0), ring->size_bytes());
  if (!shape) return tl::unexpected(shape.error());
  std::vector<Reader> mapped;
  for (const ReaderFds& fds : readers) {
    auto reader = map_reader(fds.page, Access::ReadOnly, memory);
    if (!reader) return fail(std::move(reader.error()), "reader page");
    auto bell = Bell::create(fds.bell);
    if (!bell) return tl::unexpected(std::move(bell.error()));
    const auto* const reader_page = reader->at<const ReaderPage>(0);
    if (reader_page->ring_incarnation != shape->incarnation)
      return fail(ErrorCode::Corrupt, "reader page belongs to another ring");
    mapped.push_back({std::move(*reader), reader_page, Sleeper(&reader_page->wake_at, std::move(*bell))});
  }
  return OutputEnd(*shape, std::move(*ring), std::move(mapped));
}

OutputEnd::OutputEnd(const RingShape& shape, Mapping ring, std::vector<Reader> readers)
    : ring_mapping_(std::move(ring)),
      ring_(ring_mapping_.at<RingPage>(0)),
      data_(ring_mapping_.at<unsigned char>(kPage)),
      mask_(shape.ring_bytes - 1),
      capacity_bytes_(shape.capacity_bytes),
      window_bytes_(shape.capacity_bytes),
      message_bytes_(shape.message_bytes),
      readers_(std::move(readers)) {}

Status OutputEnd::begin_at_last() {
  if (auto allowed = ring_mapping_.allow_writes(); !allowed) return fail(std::move(allowed.error()), "ring");
  tail_ = last_position(message_bytes_, ring_->tail, ring_->tail_messages);
  head_ = tail_.bytes - capacity_bytes_;  // no room until the first refresh()
  set_wake_at(kAwake);  // the previous generation may have died asleep
  ring_->blocked_since_ns.store(0, std::memory_order_relaxed);
  return {};
}

void OutputEnd::enter_pages() const {
  ring_mapping_.enter_pages(kPage);  // not the data: to make each of its pages writable takes longer than its fault
  for (const Reader& reader : readers_) reader.mapping.enter_pages(reader.mapping.size_bytes());
}

MarkMaker OutputEnd::mark_maker() {
  std::vector<const ReaderPage*> pages;
  for (const Reader& reader : readers_) pages.push_back(reader.page);
  return {*ring_, std::move(pages), capacity_bytes_, tail_};
}

void OutputEnd::set_closed(bool closed) {
  ring_->closed.store(closed ? 1 : 0, std::memory_order_release);  // SYNC(closed): after the last tail
  if (!closed) return;
  for (const Reader& reader : readers_) reader.sleeper.wake_always();
}

}  // namespace steady::ipc
