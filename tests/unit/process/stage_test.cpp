#include "process/stage.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/plugin_path.hpp"
#include "support/memory_directory.hpp"

namespace steady::process {
namespace {

std::string read_all(int fd) {
  std::string content(10'000'000, '\0');
  const ssize_t count = ::pread(fd, content.data(), content.size(), 0);
  content.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return content;
}

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

}  // namespace

TEST_SUITE("process/stage") {
  TEST_CASE("a plugin is found by its name, with or without lib, in the first directory that has it") {
    const test::MemoryDirectory directory;
    const std::string one = directory.path() + "/one";
    const std::string two = directory.path() + "/two";
    std::filesystem::create_directories(one);
    std::filesystem::create_directories(two);
    write(two + "/demo.so", "");
    write(two + "/libfile.so", "");
    CHECK(find_plugin("demo", {one, two}) == two + "/demo.so");
    CHECK(find_plugin("file", {one, two}) == two + "/libfile.so");
    write(one + "/libdemo.so", "");
    CHECK(find_plugin("demo", {one, two}) == one + "/libdemo.so");
    write(one + "/demo.so", "");
    CHECK(find_plugin("demo", {one, two}) == one + "/demo.so");
  }

  TEST_CASE("a name with a slash is a path and is not looked for") {
    CHECK(find_plugin("./x/y.so", {"/nowhere"}) == std::string("./x/y.so"));
  }

  TEST_CASE("a plugin that is nowhere is an error that lists every directory") {
    const auto found = find_plugin("ghost", {"/nowhere", "/neither"});
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::NotFound);
    CHECK(found.error().message == "there is no ghost.so in /nowhere, /neither");
    CHECK(find_plugin("ghost", {}).error().message == "there is no ghost.so in any directory");
  }

  TEST_CASE("the staged copy is private: neither overwriting, truncating nor removing the file changes it") {
    const test::MemoryDirectory directory;
    const std::string path = directory.path() + "/plugin.so";
    const std::string content = std::string(3'000'000, 'a') + "end";
    write(path, content);
    const auto staged = stage(path);
    REQUIRE(staged);
    write(path, "something else");
    CHECK(read_all(staged->get()) == content);
    std::filesystem::remove(path);
    CHECK(read_all(staged->get()) == content);
  }

  TEST_CASE("the staged copy is sealed: nobody who gets it can change or shrink it") {
    const test::MemoryDirectory directory;
    const std::string path = directory.path() + "/plugin.so";
    write(path, "content");
    const auto staged = stage(path);
    REQUIRE(staged);
    const int fd = staged->get();
    CHECK(::pwrite(fd, "x", 1, 0) < 0);
    CHECK(::ftruncate(fd, 0) < 0);
    CHECK(::ftruncate(fd, 100) < 0);
    CHECK(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    CHECK(::fcntl(fd, F_ADD_SEALS, 0) < 0);
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).string().find("plugin.so") !=
          std::string::npos);
  }

  TEST_CASE("what is no regular file is refused without hanging on it") {
    const test::MemoryDirectory directory;
    const std::string fifo = directory.path() + "/fifo.so";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    for (const std::string& path : {directory.path(), fifo, std::string("/dev/zero")}) {
      CAPTURE(path);
      const auto staged = stage(path);
      REQUIRE_FALSE(staged);
      CHECK(staged.error().code == ErrorCode::Invalid);
    }
    CHECK(stage(directory.path() + "/ghost.so").error().code == ErrorCode::NotFound);
  }

  TEST_CASE("a file keeps its identity until its content may have changed") {
    const test::MemoryDirectory directory;
    const std::string path = directory.path() + "/plugin.so";
    write(path, "content");
    const auto first = identify(path);
    REQUIRE(first);
    CHECK(identify(path) == *first);
    write(path, "longer content");
    CHECK_FALSE(identify(path) == *first);
    const auto second = identify(path);
    write(path + ".next", "longer content");
    std::filesystem::rename(path + ".next", path);
    CHECK_FALSE(identify(path) == *second);
    CHECK(identify(directory.path() + "/ghost").error().code == ErrorCode::NotFound);
  }
}

}  // namespace steady::process
