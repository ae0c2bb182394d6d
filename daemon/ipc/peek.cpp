#include "ipc/peek.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "base/files.hpp"
#include "ipc/layout.hpp"
#include "ipc/segment.hpp"

namespace steady::ipc {
namespace {

/// The head of a frame, as steady_frame of the plugin contract.
struct FrameHead {
  std::uint32_t length;
  std::uint32_t sequence_low;
};

Result<Mapping> map_page(int fd, SegmentKind kind) { return map_segment(fd, kind, Access::ReadOnly); }

/// Reads `size` bytes of the data area from `position` on, around its end if need be.
Status read_data(int fd, std::uint64_t ring_bytes, std::uint64_t position, void* to, std::uint64_t size) {
  for (std::uint64_t done = 0; done < size;) {
    const std::uint64_t at = (position + done) & (ring_bytes - 1);
    const std::uint64_t part = std::min(size - done, ring_bytes - at);
    const ssize_t count =
        ::pread(fd, static_cast<char*>(to) + done, part, static_cast<off_t>(kPage + at));
    if (count <= 0) return fail_errno("reading a ring");
    done += static_cast<std::uint64_t>(count);
  }
  return {};
}

}  // namespace

Result<Peeked> peek(const std::string& ring_path, const std::string& reader_path, std::uint64_t most_bytes) {
  auto ring_fd = open_file(ring_path, O_RDONLY | O_NOFOLLOW);
  if (!ring_fd) return tl::unexpected(std::move(ring_fd.error()));
  auto reader_fd = open_file(reader_path, O_RDONLY | O_NOFOLLOW);
  if (!reader_fd) return tl::unexpected(std::move(reader_fd.error()));
  const auto ring_mapping = map_page(ring_fd->get(), SegmentKind::Ring);
  if (!ring_mapping) return tl::unexpected(ring_mapping.error());
  const auto reader_mapping = map_page(reader_fd->get(), SegmentKind::Reader);
  if (!reader_mapping) return tl::unexpected(reader_mapping.error());
  const auto& ring = *ring_mapping->at<const RingPage>(0);
  const auto& reader = *reader_mapping->at<const ReaderPage>(0);

  const std::uint64_t head = reader.head.load(std::memory_order_acquire);
  const std::uint64_t available = ring.tail.load(std::memory_order_acquire) - head;  // SYNC(tail)
  const std::uint64_t ring_bytes = ring.ring_bytes;
  Peeked peeked;
  peeked.ring_incarnation = ring.header.incarnation;
  peeked.reader_incarnation = reader.header.incarnation;
  peeked.message_hash = ring.message_hash;
  peeked.sequence = reader.head_messages.load(std::memory_order_relaxed);
  peeked.length = ring.message_bytes;
  peeked.frame = peeked.length == 0;
  if (reader.ring_incarnation != peeked.ring_incarnation || !std::has_single_bit(ring_bytes) ||
      kPage + ring_bytes != ring_mapping->size_bytes() || available > ring_bytes)
    return fail(ErrorCode::Corrupt, ring_path + ": contradicts itself");
  if (available == 0) return fail(ErrorCode::NotFound, ring_path + ": holds nothing for this reader");
  std::uint64_t at = head;
  if (peeked.frame) {
    FrameHead frame{};
    if (available < sizeof frame) return fail(ErrorCode::Corrupt, ring_path + ": ends within a frame's head");
    if (auto read = read_data(ring_fd->get(), ring_bytes, at, &frame, sizeof frame); !read)
      return tl::unexpected(std::move(read.error()));
    peeked.length = frame.length;
    at += sizeof frame;
  } else {
    peeked.sequence = head / peeked.length;
  }
  if (at - head + peeked.length > available) return fail(ErrorCode::Corrupt, ring_path + ": ends within a message");
  peeked.payload.resize(std::min(peeked.length, most_bytes));
  if (auto read = read_data(ring_fd->get(), ring_bytes, at, peeked.payload.data(), peeked.payload.size()); !read)
    return tl::unexpected(std::move(read.error()));
  return peeked;
}

}  // namespace steady::ipc
