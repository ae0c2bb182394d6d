// The limit that a restart is measured against: a supervisor that does nothing else. It kills its child, learns of the
// death from a pidfd, and starts the next one by fork and exec; the child loads the same plugin with dlopen and makes one
// step of its first actor. No channels, no log, no telemetry, no other children.
//
//   bare_restart PLUGIN KILLS            prints, for each kill, the microseconds until the first step of the next child
//   bare_restart PLUGIN KILLS --standby  the same when the next child has loaded the plugin and waits at a futex
#include <dlfcn.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "steady/abi.h"

namespace {

using Word = std::atomic<std::uint64_t>;
/// What parent and children share.
struct Shared {
  Word stamp;                                    ///< when the child that runs made its step; 0: not yet
  alignas(128) std::atomic<std::uint32_t> turn;  ///< futex: a child that waits goes on when this changes
  std::atomic<std::uint32_t> waiting;            ///< it is loaded and about to wait
};
constexpr int kSharedDescriptor = 100;  // where the child finds it
constexpr useconds_t kRestMicroseconds = 20'000;  // between a first step and the next kill

std::uint64_t monotonic_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

Shared& map_shared(int fd) {
  void* const address = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) std::abort();
  return *static_cast<Shared*>(address);
}

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, nullptr, nullptr, 0);
}

// ---- the child: just enough of a host for one step of an actor without ports

/// The actor asks for the time in its first step: that is the stamp.
std::uint64_t stamp_now(void* context) {
  const std::uint64_t now = monotonic_ns();
  static_cast<Word*>(context)->store(now, std::memory_order_release);
  return now;
}

void wait_for_turn(Shared& shared) {
  const std::uint32_t seen = shared.turn.load(std::memory_order_acquire);
  shared.waiting.store(1, std::memory_order_release);
  while (shared.turn.load(std::memory_order_acquire) == seen) futex(shared.turn, FUTEX_WAIT, seen);
}

int run_child(const char* plugin, bool waits) {
  void* const library = ::dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return 1;
  const auto entry = reinterpret_cast<steady_plugin_function>(::dlsym(library, "steady_plugin"));
  const steady_actor_type& type = *entry()->types[0];

  steady_host host{};
  host.size = sizeof host;
  host.abi_version = STEADY_ABI_VERSION;
  Shared& shared = map_shared(kSharedDescriptor);
  host.context = &shared.stamp;
  host.now = stamp_now;

  const std::uint64_t block = type.state_size + 8 * std::uint64_t{type.metric_count};
  std::vector<unsigned char> current(block);
  std::vector<unsigned char> next(block);
  steady_io io{};
  io.size = sizeof io;
  io.state_current = current.data();
  io.state_next = next.data();
  io.block_size = block;
  io.state_fresh = 1;

  if (waits) wait_for_turn(shared);
  void* const actor = type.create(&type, &host, &io);
  if (actor == nullptr || type.start(actor) != 0 || type.step(actor) != 0) return 1;
  for (;;) ::pause();
}

// ---- the parent

pid_t start_child(const char* plugin, bool waits) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::execl("/proc/self/exe", "bare_restart", waits ? "--spare" : "--child", plugin, nullptr);
  ::_exit(127);
}

void wait_for_death(pid_t child) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  pollfd death{fd, POLLIN, 0};
  if (fd < 0 || ::poll(&death, 1, -1) != 1) std::abort();
  ::close(fd);
  ::waitpid(child, nullptr, 0);
}

pid_t start_spare(const char* plugin, Shared& shared) {
  shared.waiting.store(0, std::memory_order_relaxed);
  const pid_t spare = start_child(plugin, true);
  while (shared.waiting.load(std::memory_order_acquire) == 0) ::usleep(kRestMicroseconds);
  ::usleep(kRestMicroseconds);  // until it sleeps
  return spare;
}

std::uint64_t wait_for_stamp(const Word& stamp, pid_t child) {
  for (;;) {
    if (const std::uint64_t at = stamp.load(std::memory_order_acquire)) return at;
    if (::waitpid(child, nullptr, WNOHANG) != 0) {
      std::fprintf(stderr, "bare_restart: the child ended before its first step\n");
      std::exit(1);
    }
    ::usleep(kRestMicroseconds);  // the child has the machine for itself meanwhile
  }
}

/// Kills `child` and starts or wakes the next one. Returns it.
pid_t replace(pid_t child, pid_t spare, const char* plugin, Shared& shared) {
  ::kill(child, SIGKILL);
  wait_for_death(child);
  if (spare == 0) return start_child(plugin, false);
  shared.turn.fetch_add(1, std::memory_order_release);
  futex(shared.turn, FUTEX_WAKE, INT_MAX);
  return spare;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (argc == 3 && (first == "--child" || first == "--spare")) return run_child(argv[2], first == "--spare");
  const bool standby = argc == 4 && std::string(argv[3]) == "--standby";
  if (argc != 3 && !standby) {
    std::fprintf(stderr, "usage: bare_restart PLUGIN KILLS [--standby]\n");
    return 2;
  }
  const int memory = ::memfd_create("stamp", 0);
  if (memory < 0 || ::ftruncate(memory, 4096) != 0 || ::dup2(memory, kSharedDescriptor) < 0) std::abort();
  Shared& shared = map_shared(kSharedDescriptor);

  pid_t child = start_child(argv[1], false);
  wait_for_stamp(shared.stamp, child);
  for (int kills = std::atoi(argv[2]); kills > 0; --kills) {
    const pid_t spare = standby ? start_spare(argv[1], shared) : 0;
    ::usleep(kRestMicroseconds);
    shared.stamp.store(0, std::memory_order_relaxed);
    const std::uint64_t killed_at = monotonic_ns();
    child = replace(child, spare, argv[1], shared);
    std::printf("%.1f\n", static_cast<double>(wait_for_stamp(shared.stamp, child) - killed_at) / 1000);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}
