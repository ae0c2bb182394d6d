// The limit that the trio is measured against: the same protocol with nothing around it. Three processes on two rings,
// every step a full commit (redo record, output, input, state); no checks, no sleeping, no telemetry, no daemon.
//
//   bare_transaction BATCH SECONDS   prints the numbers per second that reached the end, and fails when one is missing
#include <signal.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

using Word = std::atomic<std::uint64_t>;
constexpr std::uint64_t kRingBytes = 1 << 20;
constexpr std::uint64_t kMask = 0x5555;

struct Header {
  alignas(128) Word tail{0};
  alignas(128) Word head{0};
};

struct Ring {
  Header* header;
  char* data;  // mapped twice, so that a batch never wraps
};

struct State {
  std::uint64_t next;
  std::uint64_t sum;
  std::uint64_t gaps;
};

struct Record {
  alignas(128) Word armed{0};
  std::uint64_t output;
  std::uint64_t input;
  std::uint64_t state_index;
  alignas(128) State state[2];
  Word current{0};
};

void* shared(std::size_t bytes, int fd, off_t offset, void* at = nullptr) {
  const int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0) | (at != nullptr ? MAP_FIXED : 0);
  void* const address = ::mmap(at, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);
  if (address == MAP_FAILED) std::abort();
  return address;
}

Ring make_ring() {
  const int fd = ::memfd_create("bare", 0);
  if (fd < 0 || ::ftruncate(fd, 4096 + kRingBytes) != 0) std::abort();
  Ring ring{};
  ring.header = new (shared(4096, fd, 0)) Header;
  ring.data = static_cast<char*>(
      ::mmap(nullptr, 2 * kRingBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  shared(kRingBytes, fd, 4096, ring.data);
  shared(kRingBytes, fd, 4096, ring.data + kRingBytes);
  return ring;
}

/// Steps for ever: at most `batch` numbers each, as many as there are and fit.
template <class Work>
[[noreturn]] void run(Record& record, const Ring* input, const Ring* output, std::uint64_t batch, const Work& work) {
  std::uint64_t tail = 0;
  std::uint64_t head = 0;
  std::uint64_t seen_head = 0;
  std::uint64_t seen_tail = 0;
  for (;;) {
    std::uint64_t count = batch;
    if (input != nullptr) {
      if ((seen_tail - head) / 8 < count) seen_tail = input->header->tail.load(std::memory_order_acquire);
      count = std::min(count, (seen_tail - head) / 8);
    }
    if (output != nullptr) {
      if ((kRingBytes - (tail - seen_head)) / 8 < count) seen_head = output->header->head.load(std::memory_order_acquire);
      count = std::min(count, (kRingBytes - (tail - seen_head)) / 8);
    }
    if (count == 0) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
      ::sched_yield();
      continue;
    }
    const std::uint64_t current = record.current.load(std::memory_order_relaxed);
    State& next = record.state[current ^ 1];
    next = record.state[current];
    work(input == nullptr ? nullptr : reinterpret_cast<const std::uint64_t*>(input->data + head % kRingBytes),
         output == nullptr ? nullptr : reinterpret_cast<std::uint64_t*>(output->data + tail % kRingBytes), count, next);
    if (output != nullptr) tail += count * 8;
    if (input != nullptr) head += count * 8;
    record.output = tail;
    record.input = head;
    record.state_index = current ^ 1;
    record.armed.store(1, std::memory_order_release);  // the commit
    if (output != nullptr) output->header->tail.store(tail, std::memory_order_release);
    if (input != nullptr) input->header->head.store(head, std::memory_order_release);
    record.current.store(current ^ 1, std::memory_order_relaxed);
    record.armed.store(0, std::memory_order_release);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t batch = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 4096;
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 3;
  if (batch == 0 || !(seconds > 0)) {
    std::fprintf(stderr, "usage: bare_transaction BATCH SECONDS\n");
    return 2;
  }
  const Ring first = make_ring();
  const Ring second = make_ring();
  Record* records[3];
  for (Record*& record : records) record = new (shared(4096, -1, 0)) Record{};

  const auto generate = [](const std::uint64_t*, std::uint64_t* out, std::uint64_t count, State& state) {
    for (std::uint64_t i = 0; i < count; ++i) out[i] = state.next + i;
    state.next += count;
  };
  const auto change = [](const std::uint64_t* in, std::uint64_t* out, std::uint64_t count, State& state) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      out[i] = in[i] ^ kMask;
      sum += in[i];
    }
    state.sum += sum;
    state.next += count;
  };
  const auto audit = [](const std::uint64_t* in, std::uint64_t*, std::uint64_t count, State& state) {
    std::uint64_t gaps = 0;
    for (std::uint64_t i = 0; i < count; ++i) gaps += (in[i] ^ kMask) != state.next + i ? 1U : 0U;
    state.gaps += gaps;
    state.next += count;
  };
  pid_t children[3];
  for (int i = 0; i < 3; ++i) {
    children[i] = ::fork();
    if (children[i] != 0) continue;
    if (i == 0) run(*records[0], nullptr, &first, batch, generate);
    if (i == 1) run(*records[1], &first, &second, batch, change);
    run(*records[2], &second, nullptr, batch, audit);
  }
  const auto from = std::chrono::steady_clock::now();
  ::usleep(static_cast<useconds_t>(seconds * 1e6));
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  const State end = records[2]->state[records[2]->current.load(std::memory_order_relaxed)];
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  std::printf("%.0f\n", static_cast<double>(end.next) / elapsed);
  return end.gaps == 0 ? 0 : 1;
}
