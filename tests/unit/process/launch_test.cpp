#include "process/launch.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/unique_fd.hpp"
#include "support/memory_directory.hpp"

namespace steady::process {
namespace {

/// A file whose descriptors tell by their content which one they are.
UniqueFd numbered_file(const test::MemoryDirectory& directory, int number) {
  const std::string path = directory.path() + "/" + std::to_string(number);
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const std::string text = std::to_string(number) + "\n";
  REQUIRE(::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return file;
}

Result<int> launch_shell(std::string script, std::vector<int> descriptors) {
  std::string shell = "/bin/sh";
  std::string option = "-c";
  return launch({{shell.data(), option.data(), script.data(), nullptr}, {nullptr}}, std::move(descriptors), true);
}

/// Its exit code, or 128 and the signal that ended it.
int ended(int pid) {
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_SUITE("process/launch") {
  TEST_CASE("each descriptor is where it belongs, though its number with us is another one's place") {
    const test::MemoryDirectory directory;
    std::vector<UniqueFd> files;
    std::vector<int> turned{0, 1, 2};
    for (int i = 0; i < 20; ++i) files.push_back(numbered_file(directory, i));
    for (auto file = files.rbegin(); file != files.rend(); ++file) turned.push_back(file->get());
    const auto pid = launch_shell(
        "for n in 3 4 5 6 7 8 9; do [ $(cat /proc/self/fd/$n) = $((22 - n)) ] || exit $n; done", turned);
    REQUIRE(pid);
    CHECK(ended(*pid) == 0);
  }

  TEST_CASE("a descriptor that comes where it belongs stays there") {
    const test::MemoryDirectory directory;
    const UniqueFd file = numbered_file(directory, 1);
    const UniqueFd input(::fcntl(0, F_DUPFD_CLOEXEC, 3));
    ::close(0);
    const auto pid = launch_shell("case $(readlink /proc/$$/fd/0) in */1) ;; *) exit 1 ;; esac", {file.get(), 1, 2});
    ::dup2(input.get(), 0);
    REQUIRE(pid);
    CHECK(ended(*pid) == 0);
  }

  TEST_CASE("there may be more descriptors than one message takes") {
    const test::MemoryDirectory directory;
    std::vector<int> descriptors{0, 1, 2};
    const UniqueFd file = numbered_file(directory, 1);
    while (descriptors.size() < 700) descriptors.push_back(file.get());
    const auto pid = launch_shell("[ $(cat /proc/$$/fd/699) = 1 ] && [ ! -e /proc/$$/fd/700 ]", descriptors);
    REQUIRE(pid);
    CHECK(ended(*pid) == 0);
  }

  TEST_CASE("a start that fails leaves nothing that a later one could take for its own") {
    const test::MemoryDirectory directory;
    const UniqueFd first = numbered_file(directory, 1);
    const UniqueFd second = numbered_file(directory, 2);
    const auto warm = launch_shell("true", {0, 1, 2});
    REQUIRE(warm);
    CHECK(ended(*warm) == 0);
    const std::size_t before = open_descriptors();
    std::string missing = "/nowhere/at/all";
    const auto failed = launch({{missing.data(), nullptr}, {nullptr}}, {0, 1, 2, first.get()}, true);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::NotFound);
    std::vector<int> bad(300, first.get());
    bad.back() = 1'000'000;  // in the second message, when the first is under way
    CHECK_FALSE(launch_shell("true", bad));
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
    const auto pid = launch_shell("[ $(cat /proc/$$/fd/3) = 2 ]", {0, 1, 2, second.get()});
    REQUIRE(pid);
    CHECK(ended(*pid) == 0);
    CHECK(open_descriptors() == before);
  }

  TEST_CASE("what we hold stays ours: our descriptors, our locks, our signals") {
    const test::MemoryDirectory directory;
    const UniqueFd file = numbered_file(directory, 1);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    REQUIRE(::fcntl(file.get(), F_SETLK, &lock) == 0);  // one of those that any close of the file gives up
    const auto usual = ::signal(SIGUSR1, SIG_IGN);
    const auto pid = launch_shell("kill -USR1 $$; exit 0", {0, 1, 2, file.get()});
    REQUIRE(pid);
    CHECK(ended(*pid) == 128 + SIGUSR1);  // with the child it is at its default
    const bool ignored = ::signal(SIGUSR1, usual) == SIG_IGN;
    CHECK(ignored);
    CHECK(::fcntl(file.get(), F_GETFD) == FD_CLOEXEC);
    const UniqueFd again(::open((directory.path() + "/1").c_str(), O_RDWR | O_CLOEXEC));
    struct flock seen {};
    seen.l_type = F_WRLCK;
    REQUIRE(::fcntl(again.get(), F_OFD_GETLK, &seen) == 0);
    CHECK(seen.l_type == F_WRLCK);
    CHECK(seen.l_pid == ::getpid());
  }
}

}  // namespace steady::process
