#include "ipc/segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <utility>

#include "base/files.hpp"
#include "ipc/crash_page.hpp"

namespace steady::ipc {
namespace {

/// What a segment of this kind has at least: whoever maps one may look at all of that.
std::uint64_t smallest_bytes(SegmentKind kind) {
  if (kind == SegmentKind::Actor) return kActorBlocksOffset;
  if (kind == SegmentKind::Crash) return sizeof(CrashPage);
  return kind == SegmentKind::Ring ? 2 * kPage : kPage;
}

/// Reads and checks the header of the file behind `fd`; the caller uses the copy.
Result<SegmentHeader> checked_header(int fd, SegmentKind kind) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("fstat");
  SegmentHeader header{};
  if (::pread(fd, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header))
    return fail(ErrorCode::Corrupt, "is too short to be a segment");
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return fail(ErrorCode::Corrupt, "is no segment of steadyd");
  if (header.layout_version != kLayoutVersion)
    return fail(ErrorCode::Incompatible, "has layout version " + std::to_string(header.layout_version) +
                                             ", this steadyd has " + std::to_string(kLayoutVersion));
  if (header.kind != kind) return fail(ErrorCode::Corrupt, "is a segment of another kind");
  if (header.size_bytes != static_cast<std::uint64_t>(status.st_size) || header.size_bytes < smallest_bytes(kind) ||
      header.size_bytes % kPage != 0)
    return fail(ErrorCode::Corrupt, "is torn: it has " + std::to_string(status.st_size) + " bytes and says " +
                                        std::to_string(header.size_bytes));
  return header;
}

int protection(Access access) { return access == Access::ReadOnly ? PROT_READ : PROT_READ | PROT_WRITE; }

/// Addresses that nothing else gets, from a multiple of `alignment` on.
Result<Mapping> reserve(std::size_t bytes, std::size_t alignment) {
  const std::size_t more_bytes = bytes + alignment - kPage;
  void* const base = ::mmap(nullptr, more_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return fail_errno("mmap");
  const std::size_t before_bytes = (alignment - reinterpret_cast<std::uintptr_t>(base) % alignment) % alignment;
  const std::size_t behind_bytes = more_bytes - before_bytes - bytes;
  std::byte* const aligned = static_cast<std::byte*>(base) + before_bytes;
  if (before_bytes != 0) ::munmap(base, before_bytes);
  if (behind_bytes != 0) ::munmap(aligned + bytes, behind_bytes);
  return Mapping(aligned, bytes);
}

/// Undoes a half-written segment file unless told that it has got its name.
struct TemporaryFile {
  std::string path;
  ~TemporaryFile() {
    if (!path.empty()) ::unlink(path.c_str());
  }
};

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

Mapping::~Mapping() {
  if (address_ != nullptr) ::munmap(address_, size_bytes_);
}

Status Mapping::allow_writes() const {
  if (::mprotect(address_, size_bytes_, PROT_READ | PROT_WRITE) != 0) return fail_errno("mprotect");
  return {};
}

void Mapping::enter_pages(std::size_t bytes) const { ::madvise(address_, bytes, MADV_POPULATE_READ); }

Result<Mapping> map_segment(int fd, SegmentKind kind, Access access) {
  const auto header = checked_header(fd, kind);
  if (!header) return tl::unexpected(header.error());
  void* const address = ::mmap(nullptr, header->size_bytes, protection(access), MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) return fail_errno("mmap");
  return Mapping(address, header->size_bytes);
}

Result<Mapping> map_ring(int fd, Access access) {
  const auto header = checked_header(fd, SegmentKind::Ring);
  if (!header) return tl::unexpected(header.error());
  const std::uint64_t ring_bytes = header->size_bytes - kPage;
  if (!std::has_single_bit(ring_bytes) || ring_bytes % kPage != 0)
    return fail(ErrorCode::Corrupt, "has a data area of " + std::to_string(ring_bytes) + " bytes");
  const std::size_t reserved_bytes = kPage + 2 * ring_bytes;
  auto reserved = reserve(reserved_bytes, ring_bytes < kHugePage ? kPage : kHugePage);
  if (!reserved) return reserved;
  Mapping mapping = std::move(*reserved);
  const auto place = [&](std::size_t at, std::size_t size, off_t offset) {
    return ::mmap(mapping.at<void>(at), size, protection(access), MAP_SHARED | MAP_FIXED, fd, offset) != MAP_FAILED;
  };
  if (!place(0, kPage + ring_bytes, 0) || !place(kPage + ring_bytes, ring_bytes, kPage)) return fail_errno("mmap");
  ::madvise(mapping.at<void>(0), reserved_bytes, MADV_DONTDUMP);  // a core file need not hold what the segment's file holds anyway
  return mapping;
}

Status create_segment(const std::string& path, const void* content, std::size_t content_bytes,
                      std::uint64_t size_bytes) {
  TemporaryFile temporary{path + ".new"};
  auto fd = open_file(temporary.path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  // Allocated now: a full disk is an error here, not a SIGBUS at some later write.
  const int number = ::posix_fallocate(fd->get(), 0, static_cast<off_t>(size_bytes));
  if (number != 0) return fail_errno(path, number);
  if (::pwrite(fd->get(), content, content_bytes, 0) != static_cast<ssize_t>(content_bytes)) return fail_errno(path);
  if (::rename(temporary.path.c_str(), path.c_str()) != 0) return fail_errno(path);
  temporary.path.clear();
  return {};
}

}  // namespace steady::ipc
