#include "worker/crash.hpp"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "ipc/crash_page.hpp"

namespace steady::worker {
namespace {

using ipc::CrashPage;
using ipc::CrashState;

// Everything from here to on_late() may run in a signal handler, wherever the thread was: system calls, the unwinder
// (which finds its tables without a lock, see _dl_find_object), and plain memory.

constexpr int kDeadlySignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
constexpr std::size_t kSignalStackBytes = 128 * 1024;
constexpr unsigned kReportSeconds = 5;

CrashPage* page = nullptr;           // constant once a handler is installed
std::atomic<pid_t> writer{0};        // the thread that writes the page
std::atomic<pid_t> dying{0};         // the thread whose signal ends the process
std::atomic<int> deadly_signal{0};   // and which one
constinit thread_local std::uint64_t actor_plus_one = 0;
constinit thread_local sigjmp_buf* way_out = nullptr;  // set while this thread walks a stack that may be broken

#if defined(__x86_64__)
std::uint64_t program_counter(const ucontext_t& context) {
  return static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
}

/// Reads a word that may not be there.
bool read_word(std::uint64_t address, std::uint64_t& word) {
  const iovec to{&word, sizeof word};
  const iovec from{reinterpret_cast<void*>(address), sizeof word};
  return ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0) == static_cast<ssize_t>(sizeof word);
}

/// Changes the context of a call that led nowhere to that of its caller, one byte before the place of return: inside
/// the call, as the unwinder takes the place of a signal for an instruction and not for one to return to.
bool undo_call(ucontext_t& context) {
  auto& registers = context.uc_mcontext.gregs;
  std::uint64_t back = 0;
  if (!read_word(static_cast<std::uint64_t>(registers[REG_RSP]), back)) return false;
  if (_Unwind_FindEnclosingFunction(reinterpret_cast<void*>(back)) == nullptr) return false;
  registers[REG_RIP] = static_cast<greg_t>(back - 1);
  registers[REG_RSP] += 8;
  return true;
}
#elif defined(__aarch64__)
std::uint64_t program_counter(const ucontext_t& context) { return context.uc_mcontext.pc; }

bool undo_call(ucontext_t& context) {
  const std::uint64_t back = context.uc_mcontext.regs[30];
  if (_Unwind_FindEnclosingFunction(reinterpret_cast<void*>(back)) == nullptr) return false;
  context.uc_mcontext.pc = back - 1;
  return true;
}
#else
#error "where does a ucontext_t of this machine keep the program counter?"
#endif

void note_frame(std::uint64_t address) {
  if (page->frame_count < ipc::kCrashFramesMax) page->frames[page->frame_count++] = address;
}

/// Notes the frames from the one at *start on: those before it are the handler's own.
_Unwind_Reason_Code on_frame(_Unwind_Context* context, void* start) {
  const std::uint64_t address = _Unwind_GetIP(context);
  auto& wanted = *static_cast<std::uint64_t*>(start);
  if (wanted != 0 && address != wanted) return _URC_NO_REASON;
  wanted = 0;
  if (address == 0 || page->frame_count == ipc::kCrashFramesMax) return _URC_END_OF_STACK;  // below it is no caller
  note_frame(address);
  return _URC_NO_REASON;
}

/// Notes the interrupted code and its callers. Changes the context of a call through a wild pointer: there the unwinder
/// would look at bytes that do not exist, and would not get any further anyway.
void walk(ucontext_t& context) {
  const std::uint64_t at = program_counter(context);
  const bool is_code = _Unwind_FindEnclosingFunction(reinterpret_cast<void*>(at + 1)) != nullptr;  // it looks at - 1
  if (!is_code) {
    note_frame(at);
    if (!undo_call(context)) return;
  }
  std::uint64_t start = program_counter(context);
  _Unwind_Backtrace(on_frame, &start);
  if (!is_code && page->frame_count > 1) ++page->frames[1];  // undo_call() took that byte
  if (page->frame_count == 0) note_frame(at);
}

/// A stack that was overwritten leads the unwinder anywhere: a fault on the way only ends the walk.
void walk_carefully(ucontext_t& context) {
  const auto registers = context.uc_mcontext;
  sigjmp_buf buffer;
  if (::sigsetjmp(buffer, 1) == 0) {
    way_out = &buffer;
    walk(context);
  }
  way_out = nullptr;
  context.uc_mcontext = registers;
}

/// Whether a line of /proc/self/maps, "START-END rwxp ...", is one of code.
bool is_code(const char* line, std::size_t length) {
  const auto* const space = static_cast<const char*>(std::memchr(line, ' ', length));
  return space != nullptr && line + length - space > 3 && space[3] == 'x';
}

void keep_line(const char* line, std::size_t length) {
  if (!is_code(line, length) || page->maps_bytes + length > ipc::kCrashMapsBytes) return;
  std::memcpy(page->maps + page->maps_bytes, line, length);
  page->maps_bytes += length;
}

/// Keeps the whole lines at the beginning of a buffer and moves the rest there; returns the size of the rest.
std::size_t keep_lines(char* buffer, std::size_t size) {
  char* line = buffer;
  char* const end = buffer + size;
  while (auto* const newline = static_cast<char*>(std::memchr(line, '\n', static_cast<std::size_t>(end - line)))) {
    keep_line(line, static_cast<std::size_t>(newline + 1 - line));
    line = newline + 1;
  }
  const auto rest = static_cast<std::size_t>(end - line);
  std::memmove(buffer, line, rest);
  return rest;
}

void copy_maps() {
  static char buffer[16 * 1024];  // of the one writer; longer than any line
  const int fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  for (std::size_t filled = 0; filled < sizeof buffer;) {
    const ssize_t count = ::read(fd, buffer + filled, sizeof buffer - filled);
    if (count <= 0) break;
    filled = keep_lines(buffer, filled + static_cast<std::size_t>(count));
  }
  ::close(fd);
}

/// Only what the processor itself complains about has an address; what was sent has a sender in the same place.
std::uint64_t fault_address(const siginfo_t& info) {
  const int signal = info.si_signo;
  const bool faults =
      signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP;
  return faults && info.si_code > 0 ? reinterpret_cast<std::uint64_t>(info.si_addr) : 0;
}

/// The calling thread is the writer; `note_frames` writes the stack.
template <class NoteFrames>
void write_report(const siginfo_t& info, const NoteFrames& note_frames) {
  page->state.store(static_cast<std::uint64_t>(CrashState::Writing), std::memory_order_relaxed);
  page->sequence.fetch_add(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);  // SYNC(crash): both are seen before any word below
  page->signal = static_cast<std::uint64_t>(info.si_signo);
  page->code = static_cast<std::uint64_t>(info.si_code);
  page->fault_address = fault_address(info);
  page->actor = actor_plus_one;
  page->frame_count = 0;
  page->maps_bytes = 0;
  note_frames();
  copy_maps();
  page->state.store(static_cast<std::uint64_t>(CrashState::Complete), std::memory_order_release);  // SYNC(crash)
}

void allow(int signal) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);  // of the calling thread; pthread_sigmask is the same call
}

/// Ends the process by the signal that it would have died of without us.
[[noreturn]] void die_of(int signal) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal, &action, nullptr);
  allow(signal);
  ::tgkill(::getpid(), ::gettid(), signal);
  ::_exit(128 + signal);  // the first process of a container is not killed by its own signals
}

void on_late(int) { die_of(deadly_signal.load(std::memory_order_relaxed)); }

/// A report that does not come to its end must not keep a dead process from dying.
void limit_own_time() {
  struct sigaction action {};
  action.sa_handler = on_late;
  ::sigaction(SIGALRM, &action, nullptr);
  allow(SIGALRM);
  ::alarm(kReportSeconds);
}

/// Waits a second at most for a thread that is just writing the stack that it was asked for.
void take_page(pid_t self) {
  constexpr timespec kMillisecond{0, 1'000'000};
  for (int i = 0; i < 1000; ++i) {
    pid_t nobody = 0;
    if (writer.compare_exchange_strong(nobody, self, std::memory_order_acquire) || nobody == self) return;
    ::nanosleep(&kMillisecond, nullptr);
  }
}

void on_deadly_signal(int signal, siginfo_t* info, void* context) {
  if (way_out != nullptr) ::siglongjmp(*way_out, 1);
  const pid_t self = ::gettid();
  pid_t nobody = 0;
  if (!dying.compare_exchange_strong(nobody, self, std::memory_order_relaxed)) {  // only decides who is first
    if (nobody == self) die_of(signal);  // the report itself has crashed
    for (;;) ::pause();                  // the first one ends the process
  }
  deadly_signal.store(signal, std::memory_order_relaxed);
  limit_own_time();
  take_page(self);
  write_report(*info, [&] { walk_carefully(*static_cast<ucontext_t*>(context)); });
  die_of(signal);
}

void on_stack_signal(int, siginfo_t* info, void* context) {
  const int kept = errno;
  pid_t nobody = 0;
  if (dying.load(std::memory_order_relaxed) == 0 &&
      writer.compare_exchange_strong(nobody, ::gettid(), std::memory_order_acquire)) {
    write_report(*info, [&] { walk_carefully(*static_cast<ucontext_t*>(context)); });
    writer.store(0, std::memory_order_release);
  }
  errno = kept;
}

/// Without memory the thread goes on without one.
void use_signal_stack() {
  const auto guard = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const memory = ::mmap(nullptr, guard + kSignalStackBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return;
  ::mprotect(memory, guard, PROT_NONE);
  stack_t stack{};
  stack.ss_sp = static_cast<std::byte*>(memory) + guard;
  stack.ss_size = kSignalStackBytes;
  ::sigaltstack(&stack, nullptr);  // kept for as long as the thread, which is as long as the process
}

void install_handlers() {
  struct sigaction action {};
  ::sigfillset(&action.sa_mask);
  for (const int signal : kDeadlySignals) ::sigdelset(&action.sa_mask, signal);
  ::sigdelset(&action.sa_mask, SIGALRM);
  // SA_NODEFER: a fault within the handler reaches way_out, or ends the process, but is not swallowed.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  action.sa_sigaction = on_deadly_signal;
  for (const int signal : kDeadlySignals) ::sigaction(signal, &action, nullptr);
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  action.sa_sigaction = on_stack_signal;
  ::sigaction(ipc::kStackSignal, &action, nullptr);
}

}  // namespace

Status catch_crashes(int crash_fd) {
  auto mapped = ipc::map_crash_page(crash_fd);
  if (!mapped) return tl::unexpected(std::move(mapped.error()));
  page = *mapped;
  use_signal_stack();
  install_handlers();
  return {};
}

void use_unwinder() {
  _Unwind_Backtrace([](_Unwind_Context*, void*) { return _URC_NO_REASON; }, nullptr);
  static_cast<void>(_Unwind_FindEnclosingFunction(reinterpret_cast<void*>(&use_unwinder)));
}

void report_throw(std::span<const std::uint64_t> frames) {
  pid_t nobody = 0;
  if (page == nullptr || frames.empty() || dying.load(std::memory_order_relaxed) != 0 ||
      !writer.compare_exchange_strong(nobody, ::gettid(), std::memory_order_acquire))
    return;
  write_report(siginfo_t{}, [&] {
    for (const std::uint64_t frame : frames) note_frame(frame);
  });
  writer.store(0, std::memory_order_release);
}

void watch_this_thread() {
  if (page != nullptr) use_signal_stack();
}

void enter_actor(std::size_t actor_index) { actor_plus_one = actor_index + 1; }

}  // namespace steady::worker
