// A segment: a file in the runtime directory that is mapped by the few processes that may see it. Creating is atomic
// (a temporary name, then rename), opening trusts nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "ipc/layout.hpp"

namespace steady::ipc {

/// Owns a range of mapped memory.
class Mapping {
 public:
  Mapping() = default;
  Mapping(void* address, std::size_t size_bytes) : address_(address), size_bytes_(size_bytes) {}
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  template <class T>
  [[nodiscard]] T* at(std::size_t offset_bytes) const {
    return static_cast<T*>(static_cast<void*>(static_cast<std::byte*>(address_) + offset_bytes));
  }
  [[nodiscard]] explicit operator bool() const { return address_ != nullptr; }
  /// Gives the memory away: it stays mapped for as long as the process lives.
  template <class T>
  [[nodiscard]] T* release() {
    return static_cast<T*>(std::exchange(address_, nullptr));
  }
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }

  /// Makes a mapping that was read-only writable; one that already was stays so. Errors: Denied when its descriptor is
  /// read-only, System.
  [[nodiscard]] Status allow_writes() const;
  /// Has the kernel enter the first `bytes` now, so that they cost no fault later. That it cannot is no error.
  void enter_pages(std::size_t bytes) const;

 private:
  void* address_ = nullptr;
  std::size_t size_bytes_ = 0;
};

enum class Access { ReadOnly, ReadWrite };

/// Maps a whole segment, after its header, its kind and its size were checked.
/// Errors: Corrupt (no segment, torn, of another kind or size), Incompatible (another layout version), System.
[[nodiscard]] Result<Mapping> map_segment(int fd, SegmentKind kind, Access access);

/// What the kernel calls a huge page of memory on x86-64, and on others with pages of 4 KiB.
inline constexpr std::size_t kHugePage = 2 * 1024 * 1024;

/// The same for a ring, whose data area appears twice back to back: a batch never wraps. One that is at least as large as
/// a huge page begins at an address where huge pages can be mapped.
[[nodiscard]] Result<Mapping> map_ring(int fd, Access access);

/// Creates a file of `content` followed by zeros up to `size_bytes`, all of it allocated, under a temporary name and
/// renames it to `path`: a half-made segment never has its name. Errors: Exhausted on a full disk, Denied, System.
[[nodiscard]] Status create_segment(const std::string& path, const void* content, std::size_t content_bytes,
                                    std::uint64_t size_bytes);

}  // namespace steady::ipc
