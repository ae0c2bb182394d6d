#include "ipc/crash_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace steady::ipc {
namespace {

constexpr std::size_t kCrashBytes = (sizeof(CrashPage) + kPage - 1) / kPage * kPage;

/// Text that may have been written by anyone: whole lines of printable ASCII.
std::string whole_lines(const char* text, std::size_t size_bytes) {
  std::string lines(text, size_bytes);
  lines.resize(lines.rfind('\n') + 1);  // without any newline: to nothing
  const auto harmless = [](char c) { return c == '\n' || (c >= ' ' && c <= '~') ? c : '?'; };
  std::transform(lines.begin(), lines.end(), lines.begin(), harmless);
  return lines;
}

CrashReport checked(const CrashPage& page) {
  CrashReport report;
  report.sequence = page.sequence.load(std::memory_order_relaxed);
  report.signal = page.signal < NSIG ? static_cast<int>(page.signal) : 0;
  report.code = static_cast<int>(page.code);
  report.fault_address = page.fault_address;
  if (page.actor != 0) report.actor = page.actor - 1;
  const auto frame_count = std::min<std::uint64_t>(page.frame_count, kCrashFramesMax);
  report.frames.assign(page.frames, page.frames + frame_count);
  report.maps = whole_lines(page.maps, std::min<std::uint64_t>(page.maps_bytes, kCrashMapsBytes));
  return report;
}

}  // namespace

Result<UniqueFd> create_crash_page() {
  UniqueFd fd(::memfd_create("steady-crash", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno("memfd_create");
  // Allocated now: a handler that runs out of memory cannot say so.
  if (const int number = ::posix_fallocate(fd.get(), 0, kCrashBytes); number != 0)
    return fail_errno("allocating a crash page", number);
  SegmentHeader header{};  // incarnation stays 0: the file has no name that another could have after it
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.layout_version = kLayoutVersion;
  header.kind = SegmentKind::Crash;
  header.size_bytes = kCrashBytes;
  if (::pwrite(fd.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header))
    return fail_errno("writing a crash page");
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return fail_errno("sealing a crash page");
  return fd;
}

Result<CrashPage*> map_crash_page(int fd) {
  auto mapping = map_segment(fd, SegmentKind::Crash, Access::ReadWrite);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  ::madvise(mapping->at<void>(0), mapping->size_bytes(), MADV_DONTFORK);  // the crash of a child is not the worker's
  return mapping->release<CrashPage>();  // a handler may write at any time
}

Result<CrashView> CrashView::open(int fd) {
  auto mapping = map_segment(fd, SegmentKind::Crash, Access::ReadOnly);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  CrashView view;
  view.mapping_ = std::move(*mapping);
  return view;
}

CrashState CrashView::state() const {
  const auto state = mapping_.at<const CrashPage>(0)->state.load(std::memory_order_acquire);  // SYNC(crash)
  return state <= static_cast<std::uint64_t>(CrashState::Complete) ? static_cast<CrashState>(state) : CrashState::Empty;
}

std::optional<CrashReport> CrashView::report() const {
  if (state() != CrashState::Complete) return std::nullopt;
  const auto* const page = mapping_.at<const CrashPage>(0);
  const auto copy = std::make_unique<CrashPage>();
  std::memcpy(static_cast<void*>(copy.get()), page, sizeof(CrashPage));
  // A crash may have begun to overwrite a stack that was asked for. Its Writing and its number came before its words,
  // so whoever copied one of those words sees them now. SYNC(crash)
  std::atomic_thread_fence(std::memory_order_acquire);
  if (page->state.load(std::memory_order_relaxed) != static_cast<std::uint64_t>(CrashState::Complete) ||
      page->sequence.load(std::memory_order_relaxed) != copy->sequence.load(std::memory_order_relaxed))
    return std::nullopt;
  return checked(*copy);
}

}  // namespace steady::ipc
