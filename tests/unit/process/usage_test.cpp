#include "process/usage.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <limits>
#include <thread>
#include <vector>

namespace steady::process {
namespace {

/// The same from the kernel's own page, read once more: what it ran, and then what it waited.
std::chrono::nanoseconds waited(int thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/schedstat");
  std::int64_t ran = 0;
  std::int64_t waited = 0;
  file >> ran >> waited;
  return std::chrono::nanoseconds(waited);
}

}  // namespace

TEST_SUITE("process/usage") {
  TEST_CASE("a process's memory is seen, and grows with what it takes") {
    const auto before = resident_bytes_of(::getpid());
    REQUIRE(before);
    CHECK(*before > 100'000);
    const std::vector<char> memory(50'000'000, 'x');
    CHECK(resident_bytes_of(::getpid()).value_or(0) > *before + 40'000'000);
    CHECK(memory.back() == 'x');
  }

  TEST_CASE("a process that is gone uses nothing") {
    CHECK_FALSE(resident_bytes_of(std::numeric_limits<int>::max()));
    CHECK_FALSE(resident_bytes_of(-1));
  }

  TEST_CASE("a thread's time, turns and core are seen, whatever brackets and blanks are in its name") {
    char name[16] = {};
    REQUIRE(::prctl(PR_GET_NAME, name) == 0);
    REQUIRE(::prctl(PR_SET_NAME, ") S 1 (2 3) R") == 0);
    const auto before = core_time_of(::getpid(), static_cast<int>(::gettid()));
    auto after = before;
    while (after.ran < before.ran + std::chrono::milliseconds(20))
      after = core_time_of(::getpid(), static_cast<int>(::gettid()));
    REQUIRE(::prctl(PR_SET_NAME, name) == 0);
    CHECK(before.ready);
    CHECK(after.turns >= before.turns);
    CHECK(after.turns > 0);
    CHECK(after.core >= 0);
    CHECK(after.core < static_cast<int>(std::thread::hardware_concurrency()) + 1024);
  }

  TEST_CASE("a thread that sleeps is as it was, and is seen to be stopped") {
    pid_t pid = 0;
    const char* const command[] = {"sleep", "1000", nullptr};
    REQUIRE(::posix_spawnp(&pid, command[0], nullptr, nullptr, const_cast<char* const*>(command), nullptr) == 0);
    CoreMeter meter;
    CoreTime before;
    CoreTime same;
    do {
      before = meter.look(pid, pid);
      same = meter.look(pid, pid);
    } while (before.ready || same.turns != before.turns || same.ran != before.ran);
    CHECK(same.core == before.core);
    CHECK_FALSE(same.stopped);
    ::kill(pid, SIGSTOP);
    auto now = before;
    for (int looks = 0; looks < 100'000 && !now.stopped; ++looks) now = meter.look(pid, pid);
    CHECK(now.stopped);
    CHECK(now.core == core_time_of(pid, pid).core);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    CHECK(meter.look(pid, pid).core == -1);
  }

  TEST_CASE("a meter speaks of the thread that it is asked about, whomever it was asked about before") {
    CoreMeter meter;
    const int own = static_cast<int>(::gettid());
    const auto before = core_time_of(::getpid(), own).ran;
    CHECK(meter.look(::getpid(), own).ran >= before);
    CHECK(meter.look(::getpid(), 0).core == -1);
    CHECK(meter.look(::getpid(), own).ran >= before);
    std::atomic<int> other = 0;
    std::atomic<bool> over = false;
    std::thread asleep([&] {
      other = static_cast<int>(::gettid());
      over.wait(false);
    });
    while (other == 0) std::this_thread::yield();
    const CoreTime its = meter.look(::getpid(), other);
    CHECK(its.core >= 0);
    CHECK(its.turns <= core_time_of(::getpid(), other).turns);
    CHECK(meter.look(::getpid(), own).turns >= core_time_of(::getpid(), other).turns);
    over = true;
    over.notify_all();
    asleep.join();
  }

  TEST_CASE("a thread that is gone, and one of another process, has not waited for a core") {
    const auto nothing = std::chrono::nanoseconds(0);
    CHECK(core_time_of(::getpid(), std::numeric_limits<int>::max()).queued == nothing);
    CHECK(core_time_of(::getpid(), 0).queued == nothing);
    CHECK(core_time_of(::getpid(), -1).queued == nothing);
    CHECK(core_time_of(std::numeric_limits<int>::max(), ::getpid()).queued == nothing);
    CHECK(core_time_of(::getpid(), ::getppid()).queued == nothing);
  }

  TEST_CASE("the time that a thread has waited for a core grows when it has to share, and never goes back") {
    std::atomic<int> thread = 0;
    std::atomic<bool> over = false;
    const auto spin = [&] {
      while (!over) {
      }
    };
    std::vector<std::thread> others;
    for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) others.emplace_back(spin);
    std::thread watched([&] {
      thread = static_cast<int>(::gettid());
      spin();
    });
    while (thread == 0) std::this_thread::yield();
    const bool told = ::access("/proc/self/schedstat", R_OK) == 0;
    const auto first = core_time_of(::getpid(), thread).queued;
    auto last = first;
    const auto watchdog = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    bool backwards = false;
    bool wrong = false;
    for (int look = 0; look < 1000 || (told && last == first && std::chrono::steady_clock::now() < watchdog); ++look) {
      const auto before = waited(thread);
      const auto now = core_time_of(::getpid(), thread).queued;
      backwards = backwards || now < last;
      wrong = wrong || now < before || now > waited(thread);
      last = now;
    }
    over = true;
    watched.join();
    for (std::thread& other : others) other.join();
    CHECK_FALSE(backwards);
    CHECK_FALSE(wrong);
    if (told) CHECK(last > first);
  }

  TEST_CASE("the kernel's count of processes killed for lack of memory never goes back") {
    const std::uint64_t before = oom_kills();
    CHECK(oom_kills() >= before);
  }
}

}  // namespace steady::process
