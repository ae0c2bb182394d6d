#include "process/lines.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace steady::process {
namespace {

using Texts = std::vector<std::string>;

/// The lines of `pieces`, fed one after the other.
Texts lines_of(const Texts& pieces, std::size_t longest_bytes = 100) {
  Texts lines;
  const auto on_line = [&](std::string_view line) { lines.emplace_back(line); };
  Lines cutter(longest_bytes);
  for (const std::string& piece : pieces) cutter.feed(piece, on_line);
  cutter.finish(on_line);
  return lines;
}

}  // namespace

TEST_SUITE("process/lines") {
  TEST_CASE("lines come out the same however the stream is cut") {
    const std::string text = "one\n\nthree, a longer one\n\nlast";
    const Texts expected{"one", "", "three, a longer one", "", "last"};
    for (std::size_t size = 1; size <= text.size(); ++size) {
      Texts pieces;
      for (std::size_t at = 0; at < text.size(); at += size) pieces.push_back(text.substr(at, size));
      REQUIRE(lines_of(pieces) == expected);
    }
  }

  TEST_CASE("a line is handed on when its newline comes, and what is left when the stream ends") {
    Texts lines;
    const auto on_line = [&](std::string_view line) { lines.emplace_back(line); };
    Lines cutter(100);
    cutter.feed("abc", on_line);
    CHECK(lines.empty());
    cutter.feed("def\ng", on_line);
    CHECK(lines == Texts{"abcdef"});
    cutter.finish(on_line);
    cutter.finish(on_line);
    CHECK(lines == Texts{"abcdef", "g"});
  }

  TEST_CASE("a stream that ends with a newline has no empty last line") {
    CHECK(lines_of({"a\n"}) == Texts{"a"});
    CHECK(lines_of({}).empty());
    CHECK(lines_of({"\n"}) == Texts{""});
  }

  TEST_CASE("a line that is too long comes in pieces, and memory stays bounded") {
    CHECK(lines_of({"abcdefghij\nk"}, 4) == Texts{"abcd", "efgh", "ij", "k"});
    CHECK(lines_of({"abcd\nefgh\n"}, 4) == Texts{"abcd", "efgh"});
    const Texts pieces(1000, std::string(1000, 'x'));
    const Texts lines = lines_of(pieces, 64);
    std::size_t total = 0;
    for (const std::string& line : lines) {
      REQUIRE(line.size() <= 64);
      total += line.size();
    }
    CHECK(total == 1'000'000);
  }

  TEST_CASE("zero bytes and carriage returns are bytes like any other") {
    CHECK(lines_of({std::string("a\0b\r\nc", 6)}) == Texts{std::string("a\0b\r", 4), "c"});
  }
}

}  // namespace steady::process
