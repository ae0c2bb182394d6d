#include "process/lock.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <thread>

#include "support/memory_directory.hpp"

namespace steady::process {

using namespace std::chrono_literals;

TEST_SUITE("process/lock") {
  TEST_CASE("a directory has one steadyd; the second learns which process that is") {
    const test::MemoryDirectory directory;
    auto first = lock_directory(directory.path());
    REQUIRE(first);
    const auto second = lock_directory(directory.path());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::Busy);
    CHECK(second.error().message ==
          directory.path() + ": another steadyd (process " + std::to_string(::getpid()) + ") runs on this directory");
    first->reset();
    CHECK(lock_directory(directory.path()));
  }

  TEST_CASE("a directory that is not there is an error that names it") {
    const auto lock = lock_directory("/nowhere/at-all");
    REQUIRE_FALSE(lock);
    CHECK(lock.error().code == ErrorCode::NotFound);
    CHECK(lock.error().message.find("/nowhere/at-all") != std::string::npos);
  }

  TEST_CASE("a new steadyd waits until the last worker of the old one is gone") {
    const test::MemoryDirectory directory;
    CHECK(wait_for_workers(directory.path(), 0ms));
    auto one = worker_lock(directory.path());
    auto two = worker_lock(directory.path());
    REQUIRE(one);
    REQUIRE(two);
    const auto late = wait_for_workers(directory.path(), 10ms);
    REQUIRE_FALSE(late);
    CHECK(late.error().code == ErrorCode::Timeout);
    one->reset();
    CHECK_FALSE(wait_for_workers(directory.path(), 10ms));
    std::thread death([&] {
      std::this_thread::sleep_for(20ms);
      two->reset();
    });
    CHECK(wait_for_workers(directory.path(), 30s));
    death.join();
    CHECK(worker_lock(directory.path()));  // the wait itself holds nothing
  }

  TEST_CASE("a worker's lock lives as long as any copy of it: closing ours leaves the worker's") {
    const test::MemoryDirectory directory;
    auto ours = worker_lock(directory.path());
    REQUIRE(ours);
    UniqueFd workers(::dup(ours->get()));
    ours->reset();
    CHECK_FALSE(wait_for_workers(directory.path(), 5ms));
    workers.reset();
    CHECK(wait_for_workers(directory.path(), 5ms));
  }
}

}  // namespace steady::process
