#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <steady/testing.hpp>
#include <string>
#include <vector>

#include "file/line.hpp"
#include "file/tail.hpp"
#include "scratch.hpp"

using namespace std::chrono_literals;
using steady::file::first_line;
using steady::file::Tail;
using steady::testing::append_to;
using steady::testing::Harness;
using steady::testing::Parameters;
using steady::testing::ScratchDirectory;

namespace {

using Lines = std::vector<std::string>;

/// A tail of "log" in a directory of its own.
struct Fixture {
  Fixture(std::initializer_list<Parameters::value_type> more = {}) : harness(with_path(more)) {}

  Parameters with_path(Parameters parameters) const {
    parameters["path"] = log;
    return parameters;
  }
  /// Lets it look again until nothing came for two seconds, long enough to get past a rotation.
  Lines poll() {
    Lines lines;
    for (int quiet = 0; quiet < 20; ++quiet) {
      harness.run();
      for (auto& line : harness.take<std::string>("lines")) {
        lines.push_back(std::move(line));
        quiet = 0;
      }
      harness.advance(100ms);
    }
    return lines;
  }
  void rotate(const std::string& to) const { std::filesystem::rename(log, directory / to); }
  void truncate() const { std::filesystem::resize_file(log, 0); }
  bool warned(const std::string& part) const {
    for (const auto& line : harness.log())
      if (line.level >= STEADY_WARN && line.text.find(part) != std::string::npos) return true;
    return false;
  }

  ScratchDirectory directory;
  std::string log = directory / "log";
  Harness<Tail> harness;
};

std::string numbered(int begin, int end) {
  std::string text;
  for (int i = begin; i < end; ++i)
    text += "line " + std::to_string(i) + " " + std::string(static_cast<std::size_t>(i % 50), 'x') + "\n";
  return text;
}

Lines split(const std::string& text) {
  Lines lines;
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

}  // namespace

TEST_SUITE("plugins/file/line") {
  TEST_CASE("an end that is not there yet is waited for, even between a carriage return and its newline") {
    CHECK_FALSE(first_line("", 10, false));
    CHECK_FALSE(first_line("abc", 10, false));
    CHECK_FALSE(first_line("abc\r", 10, false));
    CHECK_FALSE(first_line("0123456789", 10, false));
    CHECK_FALSE(first_line("0123456789\r", 10, false));
  }

  TEST_CASE("a line as long as allowed is whole, whichever end it has") {
    CHECK(first_line("0123456789\n", 10, false)->text == "0123456789");
    CHECK(first_line("0123456789\r\n", 10, false)->text == "0123456789");
    CHECK(first_line("0123456789\r\n", 10, false)->consumed == 12);
    CHECK_FALSE(first_line("0123456789\r\n", 10, false)->cut);
  }

  TEST_CASE("a longer line is cut as soon as that is certain") {
    CHECK_FALSE(first_line("0123456789a", 10, false));  // "\r" may be meant by nobody, but "a" could still be followed
    const auto piece = first_line("0123456789ab", 10, false);
    CHECK(piece->text == "0123456789");
    CHECK(piece->cut);
    CHECK(first_line("0123456789a\n", 10, false)->cut);
  }

  TEST_CASE("what the file ends with counts as a line, but nothing does not") {
    CHECK(first_line("abc", 10, true)->text == "abc");
    CHECK_FALSE(first_line("", 10, true));
    CHECK(first_line("0123456789a", 10, true)->cut);
  }

  TEST_CASE("lines do not depend on how the bytes are portioned") {
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
      std::string bytes;
      for (auto left = random() % 80; left > 0; --left) bytes += "ab\r\n"[random() % 4];
      const auto pieces = [&](bool portioned) {
        Lines found;
        std::size_t begin = 0;
        std::size_t seen = portioned ? 0 : bytes.size();
        for (;;) {
          const auto line = first_line(std::string_view(bytes).substr(begin, seen - begin), 5, seen == bytes.size());
          if (!line && seen == bytes.size()) return found;
          if (!line) seen = std::min(bytes.size(), seen + 1 + random() % 3);
          if (!line) continue;
          found.push_back(std::string(line->text) + (line->cut ? "+" : ""));
          begin += line->consumed;
        }
      };
      CAPTURE(round);
      CHECK(pieces(true) == pieces(false));
    }
  }
}

TEST_SUITE("plugins/file/tail") {
  TEST_CASE("a kill in every step changes nothing of the output") {
    const auto text = numbered(0, 3000);
    Fixture tail;
    append_to(tail.log, text);
    tail.harness.set_capacity("lines", 1024);
    Lines lines;
    while (tail.harness.step_and_crash() && tail.harness.step())
      for (auto& line : tail.harness.take<std::string>("lines")) lines.push_back(std::move(line));
    CHECK(lines == split(text));
    CHECK(tail.harness.generation() > 100);
  }

  TEST_CASE("kills, rotations and truncations at random moments lose and repeat nothing") {
    for (unsigned seed = 1; seed <= 20; ++seed) {
      CAPTURE(seed);
      std::mt19937 random(seed);
      Fixture tail{{"rotate_wait", "200ms"}};
      tail.harness.set_capacity("lines", 512);
      Lines lines;
      int written = 0;
      const auto drain = [&] {
        for (auto& line : tail.poll()) lines.push_back(std::move(line));
      };
      const auto write = [&] {
        const int more = written + static_cast<int>(random() % 20);
        append_to(tail.log, numbered(written, more));
        written = more;
      };
      for (int round = 0; round < 60; ++round) {
        write();
        if (random() % 3 == 0) tail.harness.step_and_crash();
        if (random() % 2 == 0) tail.harness.step();
        if (random() % 4 == 0) tail.harness.restart();
        const auto change = random() % 12;
        if (change > 1) continue;
        drain();  // what is cut off unread is lost to anyone, and so is a file that came and went unseen
        if (change == 0) {
          write();
          tail.rotate("log." + std::to_string(round));
        } else {
          tail.truncate();
        }
      }
      drain();
      CHECK(lines == split(numbered(0, written)));
    }
  }

  TEST_CASE("a file that was renamed while nobody ran is finished before the new one") {
    Fixture tail;
    append_to(tail.log, "one\n");
    CHECK(tail.poll() == Lines{"one"});
    append_to(tail.log, "two\n");
    tail.rotate("log.1");
    append_to(tail.log, "three\n");
    tail.harness.restart();
    CHECK(tail.poll() == Lines{"two", "three"});
    CHECK(tail.harness.counter("rotations") == 1);
  }

  TEST_CASE("a file that is gone with its unread lines is named in a warning") {
    Fixture tail;
    append_to(tail.log, "one\n");
    tail.poll();
    append_to(tail.log, "lost\n");
    tail.harness.restart();
    tail.rotate("elsewhere");
    append_to(tail.log, "two\n");
    std::filesystem::remove(tail.directory / "elsewhere");
    CHECK(tail.poll() == Lines{"two"});
    CHECK(tail.warned("is gone"));
  }

  TEST_CASE("a file of somebody else is not read, even if it got the number of the old one") {
    Fixture tail;
    append_to(tail.log, "one\n");
    tail.poll();
    // What deleting and creating leaves behind: the same inode, other bytes, another name.
    tail.truncate();
    append_to(tail.log, "somebody else's\n");
    tail.harness.restart();
    tail.rotate("other");
    append_to(tail.log, "two\n");
    CHECK(tail.poll() == Lines{"two"});
  }

  TEST_CASE("a file that was renamed before its first line was read is found by its name") {
    Fixture tail;
    append_to(tail.log, "");
    tail.poll();
    append_to(tail.log, "one\n");
    tail.harness.restart();
    tail.rotate("log.1");
    append_to(tail.log, "two\n");
    CHECK(tail.poll() == Lines{"one", "two"});
  }

  TEST_CASE("a renamed file is read as long as its writer has not noticed") {
    Fixture tail{{"rotate_wait", "1s"}};
    append_to(tail.log, "one\n");
    tail.harness.run();
    tail.rotate("log.1");
    append_to(tail.log, "three\n");
    tail.harness.advance(100ms);
    tail.harness.run();
    append_to(tail.directory / "log.1", "two\n");
    CHECK(tail.poll() == Lines{"one", "two", "three"});
  }

  TEST_CASE("the unfinished last line of a renamed file is sent when the file is left") {
    Fixture tail;
    append_to(tail.log, "whole\nhal");
    CHECK(tail.poll() == Lines{"whole"});
    tail.rotate("log.1");
    append_to(tail.log, "new\n");
    CHECK(tail.poll() == Lines{"hal", "new"});
  }

  TEST_CASE("a file that was cut to nothing is read from its start") {
    Fixture tail;
    append_to(tail.log, "one\ntwo\nunfinished");
    CHECK(tail.poll() == Lines{"one", "two"});
    tail.truncate();
    append_to(tail.log, "three\n");
    CHECK(tail.poll() == Lines{"three"});
    CHECK(tail.harness.counter("truncations") == 1);
    CHECK(tail.warned("cut or rewritten"));
  }

  TEST_CASE("a file that was cut and grew past the old place is recognised by its first bytes") {
    Fixture tail;
    append_to(tail.log, "one\n");
    tail.poll();
    SUBCASE("while it ran") {}
    SUBCASE("while nobody ran") {
      tail.harness.restart();
    }
    tail.truncate();
    append_to(tail.log, "much longer than before\nand on\n");
    CHECK(tail.poll() == Lines{"much longer than before", "and on"});
  }

  TEST_CASE("a line comes when its newline does, however many portions it is written in") {
    Fixture tail;
    append_to(tail.log, "par");
    CHECK(tail.poll().empty());
    append_to(tail.log, "tial\r");
    CHECK(tail.poll().empty());
    append_to(tail.log, "\n\n");
    CHECK(tail.poll() == Lines{"partial", ""});
  }

  TEST_CASE("a line that the channel can never hold comes in pieces and is counted once") {
    Fixture tail;
    tail.harness.set_capacity("lines", 64);
    const std::string text(200, 'x');
    append_to(tail.log, text + "\nshort\n");
    const auto lines = tail.poll();
    std::string joined;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) joined += lines[i];
    CHECK(joined == text);
    CHECK(lines.front().size() == 56);
    CHECK(lines.back() == "short");
    CHECK(tail.harness.counter("lines_cut") == 1);
  }

  TEST_CASE("with follow off it sends the unfinished last line, ends, and stays ended after a kill") {
    Fixture tail{{"follow", "false"}};
    append_to(tail.log, "one\nhal");
    tail.harness.run_crashing();
    CHECK(tail.harness.take<std::string>("lines") == Lines{"one", "hal"});
    CHECK(tail.harness.ended());
  }

  TEST_CASE("a file that is missing is waited for, and read from its beginning when it comes") {
    Fixture tail{{"from", "end"}};
    CHECK(tail.poll().empty());
    CHECK(tail.harness.note() == "waiting for " + tail.log);
    append_to(tail.log, "first\n");
    CHECK(tail.poll() == Lines{"first"});
    CHECK(tail.harness.note() == "following " + tail.log);
  }

  TEST_CASE("from end sends only what is written after the first look, also after a kill") {
    Fixture tail{{"from", "end"}};
    append_to(tail.log, "old\n");
    CHECK(tail.poll().empty());
    append_to(tail.log, "new\n");
    SUBCASE("under its name") {
      tail.harness.restart();
    }
    SUBCASE("under another one") {
      tail.harness.restart();
      tail.rotate("log.1");
    }
    CHECK(tail.poll() == Lines{"new"});
  }

  TEST_CASE("something that is no file is warned of once, and tried again") {
    Fixture tail;
    std::filesystem::create_directory(tail.log);
    CHECK(tail.poll().empty());
    CHECK(tail.warned("no regular file"));
    CHECK(tail.harness.log().size() == 1);
    std::filesystem::remove(tail.log);
    append_to(tail.log, "one\n");
    CHECK(tail.poll() == Lines{"one"});
  }

  TEST_CASE("at the end of the file only the timer runs it") {
    Fixture tail{{"poll", "100ms"}};
    append_to(tail.log, "one\n");
    CHECK(tail.harness.run() == 1);
    tail.harness.advance(99ms);
    CHECK(tail.harness.run() == 0);
    tail.harness.advance(1ms);
    CHECK(tail.harness.run() == 1);
  }

  TEST_CASE("a full channel is waited for, not polled") {
    Fixture tail;
    tail.harness.set_capacity("lines", 32);
    append_to(tail.log, "first\nsecond line\n");
    tail.harness.run();
    tail.harness.advance(10s);
    CHECK(tail.harness.run() == 0);
    CHECK(tail.harness.take<std::string>("lines") == Lines{"first"});
    tail.harness.run();
    CHECK(tail.harness.take<std::string>("lines") == Lines{"second line"});
  }

  TEST_CASE("a wrong word for from is refused with what is accepted") {
    Fixture tail{{"from", "middle"}};
    CHECK_THROWS_WITH(tail.harness.start(), "exception: parameter from: expected beginning or end, found 'middle'");
  }
}
