#include "ipc/ring_memory.hpp"

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <limits>

namespace steady::ipc {
namespace {

#ifndef MADV_POPULATE_READ
constexpr int MADV_POPULATE_READ = 22;  // Linux 5.14
#endif
#ifndef MADV_COLLAPSE
constexpr int MADV_COLLAPSE = 25;  // Linux 6.1
#endif

/// How often a page that somebody else is using at this moment is tried, a millisecond apart.
constexpr int kCollapseTries = 200;

/// Moves the pages of the file to the node, and binds to it what may come later. By a mapping of its own, which maps each
/// page once: the kernel moves no page that is mapped twice.
Status bind_to_node(int fd, int node) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("fstat");
  const auto bytes = static_cast<std::size_t>(status.st_size);
  void* const address = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) return fail_errno("mmap");
  const Mapping pages(address, bytes);
  if (::madvise(address, bytes, MADV_POPULATE_READ) != 0) return fail_errno("numa: MADV_POPULATE_READ");
  constexpr std::size_t kBits = std::numeric_limits<unsigned long>::digits;
  std::array<unsigned long, 1024 / kBits> nodes{};
  nodes.at(static_cast<std::size_t>(node) / kBits) = 1UL << (static_cast<std::size_t>(node) % kBits);
  if (::syscall(SYS_mbind, address, bytes, MPOL_BIND, nodes.data(), nodes.size() * kBits + 1, MPOL_MF_MOVE) != 0)
    return fail_errno("numa: mbind to node " + std::to_string(node));
  return {};
}

/// Makes one huge page of the pages there. The settings for shared memory do not matter to this call, unless `deny`.
Status collapse(void* address) {
  for (int tries = 0;; ++tries) {
    if (::madvise(address, kHugePage, MADV_COLLAPSE) == 0) return {};
    if ((errno != EAGAIN && errno != EBUSY) || tries == kCollapseTries) return fail_errno("huge_pages: MADV_COLLAPSE");
    constexpr timespec kPause{0, 1'000'000};
    ::nanosleep(&kPause, nullptr);
  }
}

/// The mapping is aligned, so the first copy of the data is of whole huge pages. The second one begins a page behind the
/// beginning of the file, so of that huge page it has all but a page, in small ones. A ring that was kept from before may
/// be smaller than a huge page; it stays as it is.
Status use_huge_pages(const Mapping& ring) {
  if (ring.size_bytes() < kPage + 2 * kHugePage) return {};
  for (std::size_t at = 0; at + kHugePage <= ring.size_bytes(); at += kHugePage)
    if (auto done = collapse(ring.at<void>(at)); !done) return done;
  return {};
}

Status lock(const Mapping& mapping) {
  if (::mlock(mapping.at<void>(0), mapping.size_bytes()) != 0) return fail_errno("lock_memory: mlock");
  return {};
}

}  // namespace

Result<Mapping> map_ring(int fd, Access access, const RingMemory& memory) {
  if (memory.numa >= 0)
    if (auto bound = bind_to_node(fd, memory.numa); !bound) return tl::unexpected(std::move(bound.error()));
  auto ring = map_ring(fd, access);
  if (!ring) return ring;
  if (memory.huge_pages)
    if (auto made = use_huge_pages(*ring); !made) return tl::unexpected(std::move(made.error()));
  if (memory.lock)
    if (auto locked = lock(*ring); !locked) return tl::unexpected(std::move(locked.error()));
  return ring;
}

Result<Mapping> map_reader(int fd, Access access, const RingMemory& memory) {
  auto page = map_segment(fd, SegmentKind::Reader, access);
  if (page && memory.lock)
    if (auto locked = lock(*page); !locked) return tl::unexpected(std::move(locked.error()));
  return page;
}

}  // namespace steady::ipc
