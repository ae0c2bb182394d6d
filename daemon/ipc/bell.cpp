#include "ipc/bell.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <climits>

namespace steady::ipc {
namespace {

// Not FUTEX_PRIVATE_FLAG: the word lies in a file that several processes map.
long futex(const std::atomic<std::uint32_t>* word, int operation, std::uint32_t value, const timespec* limit) {
  return ::syscall(SYS_futex, reinterpret_cast<const std::uint32_t*>(word), operation, value, limit, nullptr, 0);
}

}  // namespace

Result<Bell> Bell::create(int fd) {
  auto mapping = map_segment(fd, SegmentKind::Bell, Access::ReadWrite);
  if (!mapping) return fail(std::move(mapping.error()), "bell");
  return Bell(std::move(*mapping));
}

void Bell::ring() const {
  page_->rings.fetch_add(1, std::memory_order_release);  // SYNC(bell): with count()
  futex(&page_->rings, FUTEX_WAKE, INT_MAX, nullptr);
}

void Bell::wait(std::uint32_t seen, std::optional<std::chrono::nanoseconds> limit) const {
  timespec time{};
  if (limit) {
    time.tv_sec = static_cast<time_t>(limit->count() / 1'000'000'000);
    time.tv_nsec = static_cast<long>(limit->count() % 1'000'000'000);
  }
  futex(&page_->rings, FUTEX_WAIT, seen, limit ? &time : nullptr);
}

}  // namespace steady::ipc
