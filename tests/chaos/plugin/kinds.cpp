#include "kinds.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <vector>

namespace steady::chaos {
namespace {

constexpr std::size_t kHogBytes = 64 << 20;

void write_wildly() {
  volatile std::uintptr_t nowhere = 8;
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

void throw_something() {
  throw std::runtime_error("a fault on purpose");
}

// Each call's frame is used after the call, so that no compiler makes a loop of it.
int recurse(volatile bool& forever) {
  std::array<volatile char, 4096> frame{};
  return forever ? recurse(forever) + frame[0] : frame[1];
}

void overflow_stack() {
  volatile bool forever = true;
  recurse(forever);
}

/// The process may grow by kHogBytes and no more: the machine is in no danger.
void limit_memory() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit limit{};
  if (pages == 0 || ::getrlimit(RLIMIT_AS, &limit) != 0) std::abort();
  limit.rlim_cur = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + kHogBytes;
  if (::setrlimit(RLIMIT_AS, &limit) != 0) std::abort();
}

void hog_memory() {
  limit_memory();
  constexpr std::size_t kPiece = 1 << 20;
  std::vector<std::unique_ptr<char[]>> pieces;
  for (std::size_t taken = 0; taken <= kHogBytes; taken += kPiece) {
    pieces.push_back(std::make_unique_for_overwrite<char[]>(kPiece));  // throws std::bad_alloc before the loop ends
    std::memset(pieces.back().get(), 1, kPiece);
  }
}

void spin() {
  for (volatile bool forever = true; forever;) {
  }
}

/// Waits for what nobody will release.
void deadlock() {
  std::binary_semaphore never(0);
  never.acquire();
}

}  // namespace

void fail_by(std::string_view kind) {
  if (kind == "segv") write_wildly();
  else if (kind == "abort") std::abort();
  else if (kind == "throw") throw_something();
  else if (kind == "exit") std::exit(3);
  else if (kind == "exit_cleanly") ::_exit(0);
  else if (kind == "stack_overflow") overflow_stack();
  else if (kind == "memory") hog_memory();
  else if (kind == "spin") spin();
  else if (kind == "deadlock") deadlock();
  else throw std::invalid_argument("no kind of fault is called '" + std::string(kind) + "'");
  std::abort();  // it should have failed by now
}

}  // namespace steady::chaos
