#include <doctest/doctest.h>

#include <random>
#include <steady/testing.hpp>
#include <string>
#include <vector>

#include "logs/count.hpp"

using steady::logs::Count;
using steady::logs::Record;
using steady::logs::Summary;
using steady::testing::Harness;

namespace {

Record record(std::string_view time, std::string_view level) {
  Record made{};
  made.time = time;
  made.level = level;
  return made;
}

std::vector<std::string> readable(const std::vector<Summary>& summaries) {
  std::vector<std::string> lines;
  for (const Summary& one : summaries)
    lines.push_back(std::string(one.minute) + " " + std::string(one.level) + " " + std::to_string(one.count));
  return lines;
}

std::vector<Record> random_records(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Record> records;
  int minute = 0;
  for (int i = 0; i < 500; ++i) {
    if (random() % 5 == 0) minute = static_cast<int>(random() % 10);
    const auto level = random() % 9;
    records.push_back(record("12-10 06:5" + std::to_string(minute) + ":07",
                             level == 8 ? std::string_view("odd") : steady::logs::kLevels[level]));
  }
  return records;
}

}  // namespace

TEST_SUITE("plugins/logs/count") {
  TEST_CASE("the summaries are the same for every cut of the input, every room for the output, and every kill") {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      const auto records = random_records(seed);
      Harness<Count> plain;
      plain.feed_all("records", records);
      plain.close("records");
      plain.run();
      const auto expected = readable(plain.take<Summary>("summaries"));
      CHECK(plain.ended());
      for (const std::uint64_t batch : {1u, 2u, 7u, 100u})
        for (const std::uint64_t room : {1u, 3u, 1000u}) {
          CAPTURE(seed);
          CAPTURE(batch);
          CAPTURE(room);
          Harness<Count> harness;
          harness.limit_batch("records", batch);
          harness.set_capacity("summaries", room);
          harness.feed_all("records", records);
          harness.close("records");
          std::vector<std::string> lines;
          while (harness.run_crashing() > 0)
            for (auto& line : readable(harness.take<Summary>("summaries"))) lines.push_back(std::move(line));
          CHECK(lines == expected);
          CHECK(harness.ended());
        }
    }
  }

  TEST_CASE("a minute is summed up when the next one begins, most urgent level first") {
    Harness<Count> harness;
    for (const auto level : {"info", "error", "info", "odd", "emerg"})
      harness.feed("records", record("2005-12-04 04:47:44", level));
    harness.run();
    CHECK(harness.take<Summary>("summaries").empty());
    harness.feed("records", record("2005-12-04 04:48:00", "info"));
    harness.run();
    CHECK(readable(harness.take<Summary>("summaries")) ==
          std::vector<std::string>{"2005-12-04 04:47 emerg 1", "2005-12-04 04:47 error 1", "2005-12-04 04:47 info 2",
                                   "2005-12-04 04:47 other 1"});
    harness.close("records");
    harness.run();
    CHECK(readable(harness.take<Summary>("summaries")) == std::vector<std::string>{"2005-12-04 04:48 info 1"});
  }

  TEST_CASE("a minute that comes back is summed up again") {
    Harness<Count> harness;
    for (const auto time : {"12-10 06:55:46", "12-10 06:56:00", "12-10 06:55:47"})
      harness.feed("records", record(time, "info"));
    harness.close("records");
    harness.run();
    CHECK(readable(harness.take<Summary>("summaries")) ==
          std::vector<std::string>{"12-10 06:55 info 1", "12-10 06:56 info 1", "12-10 06:55 info 1"});
  }

  TEST_CASE("no records give no summaries") {
    Harness<Count> harness;
    harness.close("records");
    harness.run();
    CHECK(harness.ended());
    CHECK(harness.take<Summary>("summaries").empty());
  }
}
