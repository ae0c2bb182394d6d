#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <steady/testing.hpp>
#include <string>

#include "demo/messages.hpp"
#include "file/append.hpp"
#include "scratch.hpp"

using steady::demo::Verdict;
using steady::file::Append;
using steady::testing::append_to;
using steady::testing::content_of;
using steady::testing::Failed;
using steady::testing::Harness;
using steady::testing::ScratchDirectory;

namespace {

/// An append to "out" in a directory of its own.
struct Fixture {
  ScratchDirectory directory;
  std::string out = directory / "out";
  Harness<Append> harness{{"path", out}};

  void write(const std::string& line) {
    harness.feed("lines", line);
    harness.run();
  }
};

/// Makes writes beyond `bytes` fail, as a full disk does.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

}  // namespace

TEST_SUITE("plugins/file/append") {
  TEST_CASE("a kill in every step leaves the same file") {
    Fixture append;
    append.harness.limit_batch("lines", 3);
    std::string expected;
    for (int i = 0; i < 100; ++i) {
      append.harness.feed("lines", "line " + std::to_string(i));
      expected += "line " + std::to_string(i) + "\n";
    }
    append.harness.run_crashing();
    CHECK(content_of(append.out) == expected);
  }

  TEST_CASE("a line that was half written by a step that died is cut off") {
    Fixture append;
    append.write("one");
    append_to(append.out, "tw");
    append.harness.restart();
    append.write("two");
    CHECK(content_of(append.out) == "one\ntwo\n");
  }

  TEST_CASE("what the file held before is kept, also when the very first step dies") {
    Fixture append;
    append_to(append.out, "older\n");
    append.harness.start_and_crash();
    append.harness.feed("lines", std::string("one"));
    append.harness.step_and_crash();
    append.harness.run();
    CHECK(content_of(append.out) == "older\none\n");
  }

  TEST_CASE("a file that was renamed while it runs is left, and nothing is written twice") {
    Fixture append;
    append.write("one");
    std::filesystem::rename(append.out, append.directory / "out.1");
    append.harness.feed("lines", std::string("two"));
    append.harness.run_crashing();
    CHECK(content_of(append.directory / "out.1") == "one\n");
    CHECK(content_of(append.out) == "two\n");
  }

  TEST_CASE("a line that was not committed does not stay in a file that was renamed after the kill") {
    Fixture append;
    append.write("one");
    append.harness.feed("lines", std::string("two"));
    append.harness.step_and_crash();
    std::filesystem::rename(append.out, append.directory / "out.1");
    append_to(append.out, "foreign\n");
    append.harness.run();
    CHECK(content_of(append.directory / "out.1") == "one\n");
    CHECK(content_of(append.out) == "foreign\ntwo\n");
    CHECK(append.harness.log().front().level == STEADY_WARN);
  }

  TEST_CASE("a file that became shorter than what was written is continued at its end with a warning") {
    Fixture append;
    append.write("a long line");
    std::filesystem::resize_file(append.out, 2);
    append.harness.restart();
    append.write("two");
    CHECK(content_of(append.out) == "a two\n");
    CHECK(append.harness.log().front().text.find("not as it was left") != std::string::npos);
  }

  TEST_CASE("a file of somebody else is never cut, even if it got the number of ours") {
    Fixture append;
    append.write("one");
    // What a deleted file leaves behind: the same inode, other bytes.
    std::filesystem::resize_file(append.out, 0);
    append_to(append.out, "a longer line of somebody else\n");
    SUBCASE("at our path") {
      append.harness.restart();
      append.write("two");
      CHECK(content_of(append.out) == "a longer line of somebody else\ntwo\n");
    }
    SUBCASE("beside it") {
      std::filesystem::rename(append.out, append.directory / "other");
      append.harness.restart();
      append.write("two");
      CHECK(content_of(append.directory / "other") == "a longer line of somebody else\n");
      CHECK(content_of(append.out) == "two\n");
    }
  }

  TEST_CASE("a write that fails takes nothing, says where and why, and is repeated by the next generation") {
    Fixture append;
    append.write("one");
    append.harness.feed("lines", std::string(1000, 'x'));
    {
      const FileSizeLimit limit(100);
      CHECK_THROWS_WITH(append.harness.step(), ("exception: cannot write " + append.out + ": File too large").c_str());
    }
    CHECK(append.harness.waiting("lines") == 1);
    append.harness.run();
    CHECK(content_of(append.out) == "one\n" + std::string(1000, 'x') + "\n");
  }

  TEST_CASE("what is no regular file is refused") {
    Harness<Append> harness{{"path", "/dev/null"}};
    CHECK_THROWS_WITH(harness.start(), "exception: cannot append to /dev/null: no regular file");
  }

  TEST_CASE("two actors on one file are refused") {
    Fixture append;
    append.write("one");
    Harness<Append> second{{"path", append.out}};
    CHECK_THROWS_AS(second.start(), Failed);
  }

  TEST_CASE("a missing directory is created, two are not") {
    ScratchDirectory directory;
    Harness<Append> one{{"path", directory / "new/out"}};
    one.start();
    CHECK(std::filesystem::exists(directory / "new/out"));
    Harness<Append> two{{"path", directory / "very/new/out"}};
    CHECK_THROWS_WITH(two.start(), doctest::Contains(": No such file or directory"));
  }

  TEST_CASE("described messages become lines of JSON next to frames of other lanes") {
    ScratchDirectory directory;
    const auto out = directory / "out";
    Harness<Append> harness{{"path", out}, {"sync", "true"}};
    harness.connect("lines", 2);
    harness.feed("lines", std::string("text"), 0);
    harness.feed("lines", Verdict{15, 3}, 1);
    harness.run();
    CHECK(content_of(out) == "text\n{\"value\":15,\"kind\":3}\n");
  }
}
