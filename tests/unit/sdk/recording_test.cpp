// Recordings of steadyctl as a test of an actor reads them.
#include <doctest/doctest.h>

#include <boost/describe.hpp>
#include <fstream>
#include <steady/testing.hpp>
#include <string>
#include <vector>

#include "control/ctl/recording.hpp"
#include "support/memory_directory.hpp"

namespace {

using steady::testing::Harness;
using steady::testing::Recording;

struct Item {
  std::uint64_t value;
};
BOOST_DESCRIBE_STRUCT(Item, (), (value))

/// Passes everything on.
class Copy final : public steady::Actor {
 public:
  void step() override {
    for (const Item& item : items_.take()) values_.push_back(item.value);
    while (const auto line = lines_.next()) texts_.emplace_back(*line);
    note(std::to_string(values_.size()) + " " + (values_.empty() ? "" : std::to_string(values_.back())) + " " +
         std::to_string(texts_.size()) + " " + (texts_.empty() ? "" : texts_.back()));
  }

 private:
  std::vector<std::uint64_t> values_;
  std::vector<std::string> texts_;
  steady::Input<Item> items_{*this, "items"};
  steady::Input<steady::Frame> lines_{*this, "lines"};
};

class File {
 public:
  explicit File(const std::string& text) { std::ofstream(path()) << text; }
  [[nodiscard]] std::string path() const { return directory_.path() + "/recording"; }

 private:
  steady::test::MemoryDirectory directory_;
};

steady::topology::PlannedChannel channel(bool frames) {
  steady::topology::PlannedChannel made;
  made.name = "a.out";
  made.frames = frames;
  if (!frames) made.message = {"Item", 8, 8, {{"value", "u64", 0, 1}}};
  return made;
}

/// As steadyctl writes it.
std::string recorded(bool frames, const std::vector<std::string>& messages) {
  const auto layout = channel(frames);
  std::string text = steady::control::recording_header(layout) + '\n';
  for (const std::string& message : messages) text += steady::control::recording_line(layout, 7, 1.5, message) + '\n';
  return text + steady::control::recording_skip(3) + '\n';
}

std::string item(char first) { return std::string(1, first) + std::string(7, '\0'); }

std::string complaint(const std::string& text) {
  const File file(text);
  try {
    static_cast<void>(Recording::load(file.path()));
  } catch (const std::invalid_argument& error) {
    return std::string(error.what()).substr(file.path().size());
  }
  return "";
}

}  // namespace

TEST_SUITE("sdk/recording") {
  TEST_CASE("a recording of messages is fed to an input in one call") {
    const File file(recorded(false, {item('a'), item('b')}));
    const auto recording = Recording::load(file.path());
    CHECK(recording.channel() == "a.out");
    CHECK(recording.message_size() == 8);
    CHECK(recording.messages() == std::vector{item('a'), item('b')});
    CHECK(recording.skipped() == 3);
    Harness<Copy> harness;
    harness.feed("items", recording);
    harness.run();
    CHECK(harness.note() == "2 98 0 ");
  }

  TEST_CASE("a recording of frames is fed to an input, whatever its bytes") {
    const File file(recorded(true, {"", "two \"quoted\" \\ lines\n", std::string("\0\xff", 2), "last"}));
    const auto recording = Recording::load(file.path());
    CHECK(recording.frames());
    Harness<Copy> harness;
    harness.feed("lines", recording);
    harness.run();
    CHECK(harness.note() == "0  4 last");
  }

  TEST_CASE("a port that carries something else refuses a recording") {
    const File items(recorded(false, {item('a')}));
    const File frames(recorded(true, {"a"}));
    Harness<Copy> harness;
    CHECK_THROWS_AS(harness.feed("lines", Recording::load(items.path())), std::invalid_argument);
    CHECK_THROWS_AS(harness.feed("items", Recording::load(frames.path())), std::invalid_argument);
  }

  TEST_CASE("what is no recording is refused, with its line") {
    const std::string header = recorded(false, {}).substr(0, recorded(false, {}).find('\n') + 1);
    CHECK_THROWS_AS(static_cast<void>(Recording::load("/nowhere")), std::runtime_error);
    CHECK(complaint("") == ": is empty");
    CHECK(complaint("{}\n") == ":1: \"steadyd_recording\" is missing");
    CHECK(complaint("{\"steadyd_recording\":2}\n") == ":1: a recording of a later version");
    CHECK(complaint(header + "{\"hex\":\"0a\"}\n") == ":2: a message of 1 bytes, not 8");
    CHECK(complaint(header + "{\"hex\":\"0g\"}\n").find("two digits per byte") != std::string::npos);
    for (const char* const line : {"", "{", "{\"hex\":", "{\"hex\":\"", "{\"hex\" \"00\"}", "[1]", "{\"a\":[1,}", "{} x", "{\"a\":}"})
      CHECK(complaint(header + line + "\n").substr(0, 3) == ":2:");
    CHECK(complaint(header + std::string(100000, '[') + "\n").substr(0, 3) == ":2:");
    CHECK(complaint(header + "{\"a\":" + std::string(100000, '[') + "\n").substr(0, 3) == ":2:");
  }
}
