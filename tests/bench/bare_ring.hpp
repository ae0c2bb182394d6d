// A ring with nothing around it, and the processes at its ends: what the bare programs share. Double-mapped memory, 64-bit
// positions that only grow, a cache line for each side, and each end remembers the other's position. No checks, no sleeping
// unless a program adds it, no telemetry, no daemon. Rings are made before the processes are forked.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

namespace bare {

using Word = std::atomic<std::uint64_t>;

struct Header {
  alignas(128) Word tail{0};
  alignas(128) Word head{0};
  alignas(128) std::atomic<std::uint32_t> asleep{0};  ///< the reader's; only where the ring is one that sleeps
};

struct Ring {
  Header* header;
  char* data;  ///< mapped twice, so that a batch never wraps
  std::uint64_t bytes;
};

/// Memory that forked processes share; of `fd`, or of nothing when that is negative.
inline void* shared(std::size_t bytes, int fd = -1, off_t offset = 0, void* at = nullptr) {
  const int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0) | (at != nullptr ? MAP_FIXED : 0);
  void* const address = ::mmap(at, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);
  if (address == MAP_FAILED) std::abort();
  return address;
}

/// `bytes`: a power of two, whole pages.
inline Ring make_ring(std::uint64_t bytes) {
  const int fd = ::memfd_create("bare", 0);
  if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(4096 + bytes)) != 0) std::abort();
  void* const place = ::mmap(nullptr, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) std::abort();
  Ring ring{new (shared(4096, fd)) Header, static_cast<char*>(place), bytes};
  shared(bytes, fd, 4096, ring.data);
  shared(bytes, fd, 4096, ring.data + bytes);
  return ring;
}

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// How an end waits that wants throughput: it looks less and less often, so that the other one works on undisturbed and
/// there is much to do at the next look; after some looks in vain it offers the core to others.
class Backoff {
 public:
  void wait() {
    for (unsigned i = 0; i < pauses_; ++i) relax();
    if (pauses_ < kPausesMax)
      pauses_ *= 2;
    else
      ::sched_yield();
  }
  void reset() { pauses_ = 1; }

 private:
  static constexpr unsigned kPausesMax = 64;
  unsigned pauses_ = 1;
};

/// The producer's end.
class Writer {
 public:
  explicit Writer(const Ring& ring) : ring_(ring) {}

  /// Bytes that can be written. Looks at the reader only when fewer than `wanted` are known.
  std::uint64_t ready(std::uint64_t wanted) {
    if (known() < wanted) seen_head_ = ring_.header->head.load(std::memory_order_acquire);
    return known();
  }
  [[nodiscard]] char* place() const { return ring_.data + (tail_ & (ring_.bytes - 1)); }
  [[nodiscard]] std::uint64_t position() const { return tail_; }
  void publish(std::uint64_t position) {
    tail_ = position;
    ring_.header->tail.store(position, std::memory_order_release);
  }

 private:
  [[nodiscard]] std::uint64_t known() const { return ring_.bytes - (tail_ - seen_head_); }
  const Ring ring_;
  std::uint64_t tail_ = 0;
  std::uint64_t seen_head_ = 0;
};

/// The consumer's end.
class Reader {
 public:
  explicit Reader(const Ring& ring) : ring_(ring) {}

  /// Bytes that can be read. Looks at the writer only when fewer than `wanted` are known.
  std::uint64_t ready(std::uint64_t wanted) {
    if (seen_tail_ - head_ < wanted) seen_tail_ = ring_.header->tail.load(std::memory_order_acquire);
    return seen_tail_ - head_;
  }
  [[nodiscard]] const char* place() const { return ring_.data + (head_ & (ring_.bytes - 1)); }
  [[nodiscard]] std::uint64_t position() const { return head_; }
  void publish(std::uint64_t position) {
    head_ = position;
    ring_.header->head.store(position, std::memory_order_release);
  }

 private:
  const Ring ring_;
  std::uint64_t head_ = 0;
  std::uint64_t seen_tail_ = 0;
};

/// The processes of a measurement: they work for ever, and end with the one that started them or when told.
class Crew {
 public:
  template <class Work>
  void add(const Work& work) {
    const pid_t child = ::fork();
    if (child < 0) std::abort();
    if (child != 0) {
      pids_.push_back(child);
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
    ::_exit(1);
  }
  /// Kills them all. False when one had found something wrong and ended before.
  [[nodiscard]] bool end() {
    bool good = true;
    for (const pid_t child : pids_) {
      ::kill(child, SIGKILL);
      int status = 0;
      ::waitpid(child, &status, 0);
      good = good && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    pids_.clear();
    return good;
  }
  /// What all of them together used, once they have ended.
  [[nodiscard]] static double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_CHILDREN, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  }

 private:
  std::vector<pid_t> pids_;
};

/// Keeps the calling process on the `number`th of its cores, from 0, when it has so many.
inline void stay_on_core(int number) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) std::abort();
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || number-- != 0) continue;
    CPU_ZERO(&allowed);
    CPU_SET(core, &allowed);
    ::sched_setaffinity(0, sizeof allowed, &allowed);
    return;
  }
}

inline double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline void sleep_seconds(double seconds) { ::usleep(static_cast<useconds_t>(seconds * 1e6)); }

/// How much `count()` grows per second, over `seconds`, once everything is warm: as the graphs beside it are measured.
/// Longer on a machine that is so busy that nothing moved.
template <class Count>
double rate_of(const Count& count, double seconds) {
  sleep_seconds(0.2);
  const std::uint64_t first = count();
  const double begun = now_seconds();
  do sleep_seconds(seconds);
  while (count() == first);
  const std::uint64_t last = count();
  return static_cast<double>(last - first) / (now_seconds() - begun);
}

}  // namespace bare
