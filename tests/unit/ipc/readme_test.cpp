// The page that draws shared memory says what the code does.
#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "ipc/commit.hpp"
#include "ipc/layout.hpp"

namespace steady::ipc {
namespace {

const std::filesystem::path kRoot = std::filesystem::path(STEADY_FIXTURES) / ".." / "..";

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file, path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string page() {
  return content_of(kRoot / "daemon/ipc/README.md");
}

std::string section(const std::string& text, const std::string& from, const std::string& to) {
  const auto begin = text.find(from);
  REQUIRE(begin != std::string::npos);
  const auto end = to.empty() ? text.size() : text.find(to, begin);
  REQUIRE(end != std::string::npos);
  return text.substr(begin, end - begin);
}

/// "Struct.member" -> offset, for every word that the page must draw.
std::map<std::string, std::size_t> offsets() {
  std::map<std::string, std::size_t> all;
#define STEADY_OFFSET(type, member) all[#type "." #member] = offsetof(type, member)
  STEADY_OFFSET(SegmentHeader, magic);
  STEADY_OFFSET(SegmentHeader, layout_version);
  STEADY_OFFSET(SegmentHeader, kind);
  STEADY_OFFSET(SegmentHeader, size_bytes);
  STEADY_OFFSET(SegmentHeader, incarnation);
  STEADY_OFFSET(RingPage, ring_bytes);
  STEADY_OFFSET(RingPage, capacity_bytes);
  STEADY_OFFSET(RingPage, message_bytes);
  STEADY_OFFSET(RingPage, message_hash);
  STEADY_OFFSET(RingPage, tail);
  STEADY_OFFSET(RingPage, tail_messages);
  STEADY_OFFSET(RingPage, closed);
  STEADY_OFFSET(RingPage, blocked_ns);
  STEADY_OFFSET(RingPage, blocked_since_ns);
  STEADY_OFFSET(RingPage, wake_at);
  STEADY_OFFSET(RingPage, marks_made);
  STEADY_OFFSET(RingPage, marks);
  STEADY_OFFSET(Mark, message);
  STEADY_OFFSET(Mark, time_ns);
  STEADY_OFFSET(Mark, weight);
  STEADY_OFFSET(HistogramWords, count);
  STEADY_OFFSET(HistogramWords, sum);
  STEADY_OFFSET(HistogramWords, sum_of_squares);
  STEADY_OFFSET(HistogramWords, buckets);
  STEADY_OFFSET(ReaderPage, ring_incarnation);
  STEADY_OFFSET(ReaderPage, head);
  STEADY_OFFSET(ReaderPage, head_messages);
  STEADY_OFFSET(ReaderPage, wake_at);
  STEADY_OFFSET(ReaderPage, marks_passed);
  STEADY_OFFSET(ReaderPage, latency_ns);
  STEADY_OFFSET(ActorPage, state_bytes);
  STEADY_OFFSET(ActorPage, state_version);
  STEADY_OFFSET(ActorPage, metric_count);
  STEADY_OFFSET(ActorPage, block_bytes);
  STEADY_OFFSET(ActorPage, block_stride);
  STEADY_OFFSET(ActorPage, generation);
  STEADY_OFFSET(ActorWords, state_current);
  STEADY_OFFSET(ActorWords, state_commits);
  STEADY_OFFSET(ActorWords, last_replay);
  STEADY_OFFSET(ActorWords, process);
  STEADY_OFFSET(ActorWords, waits);
  STEADY_OFFSET(ActorWords, step_ns);
  STEADY_OFFSET(ActorWords, batch_messages);
  STEADY_OFFSET(WaitWords, input_ns);
  STEADY_OFFSET(WaitWords, room_ns);
  STEADY_OFFSET(WaitWords, timer_ns);
  STEADY_OFFSET(WaitWords, since_ns);
  STEADY_OFFSET(ProcessWords, begun);
  STEADY_OFFSET(ProcessWords, returned);
  STEADY_OFFSET(ProcessWords, thread);
  STEADY_OFFSET(ProcessWords, suspect_reader);
  STEADY_OFFSET(ProcessWords, suspect_sequence);
  STEADY_OFFSET(CommitRecord, replay);
  STEADY_OFFSET(ActorWords, steps);
  STEADY_OFFSET(ActorWords, activity);
  STEADY_OFFSET(ActorWords, finished);
  STEADY_OFFSET(ActorWords, note_sequence);
  STEADY_OFFSET(ActorWords, note);
  STEADY_OFFSET(ActorWords, record);
  STEADY_OFFSET(CommitRecord, armed);
  STEADY_OFFSET(CommitRecord, state_current);
  STEADY_OFFSET(CommitRecord, finished);
  STEADY_OFFSET(CommitRecord, entry_count);
  STEADY_OFFSET(CommitRecord, entries);
  STEADY_OFFSET(BellPage, rings);
#undef STEADY_OFFSET
  return all;
}

/// Every match of `pattern`'s first group, with how often it occurs.
std::map<std::string, std::size_t> matches(const std::string& text, const std::string& pattern) {
  std::map<std::string, std::size_t> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), regex); it != std::sregex_iterator(); ++it)
    ++found[it->str(1)];
  return found;
}

}  // namespace

TEST_SUITE("ipc/readme") {
  TEST_CASE("the offsets that the page draws are those of the code, and none is missing") {
    const std::string drawn = section(page(), "<!-- offsets", "<!-- end of offsets");
    std::map<std::string, std::size_t> read;
    std::string type;
    std::smatch match;
    for (std::size_t at = 0; at < drawn.size();) {
      const auto end = drawn.find('\n', at);
      const std::string line = drawn.substr(at, end - at);
      at = end + 1;
      if (std::regex_match(line, match, std::regex("\\| (\\w+)[^|]*\\| offset \\|.*"))) type = match[1];
      if (std::regex_match(line, match, std::regex("\\| (\\w+) \\| (\\d+) \\|.*")))
        read[type + "." + match[1].str()] = std::stoul(match[2]);
    }
    const auto expected = offsets();
    for (const auto& [name, offset] : expected) {
      CAPTURE(name);
      REQUIRE(read.count(name) == 1);
      CHECK(read[name] == offset);
    }
    CHECK(read.size() == expected.size());
    CHECK(kActorWordsOffset == 4096);
    CHECK(sizeof(CommitEntry) == 24);
    CHECK(sizeof(Mark) == 24);
    CHECK(kMarks == 64);
    CHECK(kHistogramBuckets == 304);
  }

  TEST_CASE("the page numbers the points of a commit as the code does") {
    const std::string points = section(page(), "## The life of a commit", "## Order");
    const auto rows = matches(points, "\\| (\\d+ \\| \\w+) \\|");
    CHECK(rows.size() == kCommitPointCount);
    const std::pair<CommitPoint, const char*> named[] = {{CommitPoint::BeforeRecord, "BeforeRecord"},
                                                         {CommitPoint::BeforeArm, "BeforeArm"},
                                                         {CommitPoint::Armed, "Armed"},
                                                         {CommitPoint::BetweenEnds, "BetweenEnds"},
                                                         {CommitPoint::BeforeState, "BeforeState"},
                                                         {CommitPoint::BeforeClose, "BeforeClose"},
                                                         {CommitPoint::BeforeDisarm, "BeforeDisarm"},
                                                         {CommitPoint::Disarmed, "Disarmed"},
                                                         {CommitPoint::Done, "Done"}};
    for (const auto& [point, name] : named)
      CHECK(rows.count(std::to_string(static_cast<unsigned>(point)) + " | " + name) == 1);
  }

  TEST_CASE("every SYNC tag of the page stands at both sides in the code, and the page has every tag of the code") {
    std::string sources;
    for (const char* const folder : {"daemon/ipc", "daemon/worker"})
      for (const auto& entry : std::filesystem::directory_iterator(kRoot / folder)) {
        const auto extension = entry.path().extension();
        // These two name the tags beside the words; the sides are the accesses.
        if ((extension == ".cpp" || extension == ".hpp") && entry.path().filename() != "layout.hpp" &&
            entry.path().filename() != "crash_page.hpp")
          sources += content_of(entry.path());
      }
    const auto used = matches(sources, "SYNC\\((\\w+)\\)");
    const auto listed = matches(section(page(), "## Order", ""), "\\n\\| (\\w+) \\| `");
    const auto beside_words = matches(
        content_of(kRoot / "daemon/ipc/layout.hpp") + content_of(kRoot / "daemon/ipc/crash_page.hpp"), "SYNC\\((\\w+)\\)");
    for (const auto& [tag, count] : listed) {
      CAPTURE(tag);
      CHECK(used.count(tag) == 1);
      if (used.count(tag) == 1) CHECK(used.at(tag) >= 2);
      CHECK(beside_words.count(tag) == 1);
    }
    for (const auto& [tag, count] : used) CHECK_MESSAGE(listed.count(tag) == 1, tag);
    for (const auto& [tag, count] : beside_words) CHECK_MESSAGE(listed.count(tag) == 1, tag);
    CHECK(listed.size() == 14);
  }

  TEST_CASE("each side that the page names is a file with such a function") {
    const std::string table = section(page(), "## Order", "");
    const std::regex side("`(\\w+\\.[ch]pp): (?:\\w+::)*(\\w+)`");
    std::size_t sides = 0;
    for (std::sregex_iterator it(table.begin(), table.end(), side); it != std::sregex_iterator(); ++it, ++sides) {
      std::filesystem::path path = kRoot / "daemon/ipc" / it->str(1);
      if (!std::filesystem::exists(path)) path = kRoot / "daemon/worker" / it->str(1);
      CHECK_MESSAGE(content_of(path).find(it->str(2) + "(") != std::string::npos, it->str());
    }
    CHECK(sides >= 18);
  }
}

}  // namespace steady::ipc
