#include <doctest/doctest.h>

#include <random>
#include <steady/testing.hpp>
#include <string>
#include <vector>

#include "logs/formats.hpp"
#include "logs/parse.hpp"

using steady::logs::Parse;
using steady::logs::parse_apache;
using steady::logs::parse_syslog;
using steady::logs::Record;
using steady::testing::Harness;

namespace {

const std::string kSyslog = "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 173.234.31.186";
const std::string kApache = "[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok";

}  // namespace

TEST_SUITE("plugins/logs/formats") {
  TEST_CASE("what is no log line is not read as one") {
    for (const std::string line : {"",
                                   " ",
                                   "[",
                                   "<",
                                   "<>",
                                   "<13>",
                                   "hello",
                                   "Dec",
                                   "Dec 10",
                                   "Dec 10 06:55:46",
                                   "Dec 10 06:55:46 ",
                                   "Dec 10 06:55:46 host",
                                   "Dec 32 06:55:46 host text",
                                   "Dec 0 06:55:46 host text",
                                   "Dez 10 06:55:46 host text",
                                   "Dec 10 24:55:46 host text",
                                   "Dec 10 06:60:46 host text",
                                   "Dec 10 06:55:61 host text",
                                   "Dec 10 06:55 host text",
                                   "<192>Dec 10 06:55:46 host text",
                                   "2024-13-01T12:00:00Z host text",
                                   "2024-00-01T12:00:00Z host text",
                                   "2024-05-01T12:00:00.Z host text",
                                   "2024-05-01 12:00:00 host text",
                                   "<34>1 2024-05-01T12:00:00Z host app 1",
                                   "<34>1 2024-05-01T12:00:00Z host app 1 id [a b=\"c",
                                   "\xff\xfe\x00\x01"}) {
      CAPTURE(line);
      CHECK_FALSE(parse_syslog(line));
    }
    for (const std::string line :
         {"", "[", "[]", "[Sun Dec 04 04:47:44 2005]", "[Sun Dec 04 04:47:44 2005] ", "[Sun Dec 04 04:47:44 2005] text",
          "[Sun Dec 04 04:47:44 2005] [", "[Sun Dec 04 04:47:44 2005] [loud] text",
          "[Sun Dec 04 04:47:44 05] [error] text", "[Sun Dec 04 04:47:44. 2005] [error] text",
          "[Sun Foo 04 04:47:44 2005] [error] text", "Sun Dec 04 04:47:44 2005 [error] text"}) {
      CAPTURE(line);
      CHECK_FALSE(parse_apache(line));
    }
  }

  TEST_CASE("no part of a good line, and no line of random bytes, is read beyond its end") {
    for (const auto& line : {kSyslog, kApache, std::string("<34>1 2024-05-01T12:00:00.1Z h a 1 - [x y=\"\\\"]\"] t")})
      for (std::size_t length = 0; length <= line.size(); ++length) {
        const std::vector<char> exact(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(length));
        static_cast<void>(parse_syslog({exact.data(), exact.size()}));
        static_cast<void>(parse_apache({exact.data(), exact.size()}));
      }
    std::mt19937 random(5);
    for (int i = 0; i < 2000; ++i) {
      std::vector<char> bytes(random() % 60);
      for (char& byte : bytes) byte = static_cast<char>(random());
      static_cast<void>(parse_syslog({bytes.data(), bytes.size()}));
      static_cast<void>(parse_apache({bytes.data(), bytes.size()}));
    }
  }

  TEST_CASE("a text of any length is cut, and its whole length kept") {
    const auto record = parse_syslog("Dec 10 06:55:46 host app: " + std::string(100000, 'x'));
    REQUIRE(record);
    CHECK(record->text_length == 100000);
    CHECK(record->text.view() == std::string(244, 'x'));
  }

  TEST_CASE("a traditional syslog line gives its time without a year, host, program and process") {
    const auto record = parse_syslog(kSyslog);
    REQUIRE(record);
    CHECK(record->time.view() == "12-10 06:55:46");
    CHECK(record->host.view() == "LabSZ");
    CHECK(record->program.view() == "sshd");
    CHECK(record->pid == 24200);
    CHECK(record->text.view() == "Invalid user webmaster from 173.234.31.186");
    CHECK(record->level.view() == "info");
  }

  TEST_CASE("a day below ten may be padded with a space") {
    CHECK(parse_syslog("Jan  1 00:00:00 h a: t")->time.view() == "01-01 00:00:00");
    CHECK(parse_syslog("Jan 1 00:00:00 h a: t")->time.view() == "01-01 00:00:00");
  }

  TEST_CASE("a line without a tag keeps all of its text") {
    const auto record = parse_syslog("Dec 10 06:55:46 host last message repeated 3 times");
    REQUIRE(record);
    CHECK(record->program.view().empty());
    CHECK(record->text.view() == "last message repeated 3 times");
    CHECK(parse_syslog("Dec 10 06:55:46 host kernel: [ 1.5] oops")->text.view() == "[ 1.5] oops");
  }

  TEST_CASE("an ISO 8601 time gives the year, microseconds and zone") {
    const auto record = parse_syslog("2024-05-01T12:00:00.0123456789+02:00 host cron[7]: (root) CMD");
    REQUIRE(record);
    CHECK(record->time.view() == "2024-05-01 12:00:00");
    CHECK(record->microsecond == 12345);
    CHECK(record->zone.view() == "+02:00");
    CHECK(record->program.view() == "cron");
  }

  TEST_CASE("RFC 5424 gives the level by its priority and skips structured data") {
    const auto record = parse_syslog(
        "<34>1 2003-10-11T22:14:15.003Z mymachine su 120 ID47 [a@1 b=\"]\\\"\"][c@2] \xef\xbb\xbf'su root' failed");
    REQUIRE(record);
    CHECK(record->level.view() == "crit");
    CHECK(record->host.view() == "mymachine");
    CHECK(record->pid == 120);
    CHECK(record->text.view() == "'su root' failed");
    const auto bare = parse_syslog("<165>1 2003-10-11T22:14:15Z - - - - -");
    REQUIRE(bare);
    CHECK(bare->level.view() == "notice");
    CHECK(bare->host.view().empty());
    CHECK(bare->text_length == 0);
  }

  TEST_CASE("a priority before a traditional line sets its level; without one the words do") {
    CHECK(parse_syslog("<11>Dec 10 06:55:46 host app: fine")->level.view() == "error");
    CHECK(parse_syslog("Dec 10 06:55:46 host app: Failed password")->level.view() == "error");
    CHECK(parse_syslog("Dec 10 06:55:46 host app: FATAL")->level.view() == "error");
    CHECK(parse_syslog("Dec 10 06:55:46 host app: a warning")->level.view() == "warn");
    CHECK(parse_syslog("Dec 10 06:55:46 host failer: nothing")->level.view() == "info");
  }

  TEST_CASE("an old Apache line gives time and level") {
    const auto record = parse_apache(kApache);
    REQUIRE(record);
    CHECK(record->time.view() == "2005-12-04 04:47:44");
    CHECK(record->level.view() == "notice");
    CHECK(record->text.view() == "workerEnv.init() ok");
  }

  TEST_CASE("an Apache 2.4 line gives module, process and microseconds, too") {
    const auto record =
        parse_apache("[Sun Dec 04 04:47:44.123456 2005] [core:error] [pid 35708:tid 4328636416] [client 1.2.3.4] no");
    REQUIRE(record);
    CHECK(record->microsecond == 123456);
    CHECK(record->program.view() == "core");
    CHECK(record->level.view() == "error");
    CHECK(record->pid == 35708);
    CHECK(record->text.view() == "[client 1.2.3.4] no");
    CHECK(parse_apache("[Sun Dec 04 04:47:44.1 2005] [ssl:trace3] [pid 1] x")->level.view() == "debug");
  }
}

TEST_SUITE("plugins/logs/parse") {
  TEST_CASE("garbage of every kind goes to the rejects as it came, and good lines go on") {
    Harness<Parse> harness;
    const std::vector<std::string> garbage{"", std::string("\0\xff\x01", 3), std::string(5000, '['), "hello"};
    for (const auto& line : garbage) {
      harness.feed("lines", line);
      harness.feed("lines", kSyslog);
      harness.feed("lines", kApache);
    }
    harness.run_crashing();
    CHECK(harness.take<std::string>("rejects") == garbage);
    CHECK(harness.take<Record>("records").size() == 8);
    CHECK(harness.counter("rejected") == 4);
  }

  TEST_CASE("a full channel for rejects is waited for without a loss or a busy loop") {
    Harness<Parse> harness;
    harness.set_capacity("rejects", 64);
    for (int i = 0; i < 10; ++i) harness.feed("lines", std::string(40, static_cast<char>('a' + i)));
    std::vector<std::string> rejects;
    for (int i = 0; i < 12; ++i) {
      CHECK(harness.run(3) <= 2);
      for (auto& line : harness.take<std::string>("rejects")) rejects.push_back(std::move(line));
    }
    REQUIRE(rejects.size() == 10);
    CHECK(rejects[9] == std::string(40, 'j'));
  }

  TEST_CASE("a reject that its channel can never hold is cut") {
    Harness<Parse> harness;
    harness.set_capacity("rejects", 64);
    harness.feed("lines", std::string(1000, 'x'));
    harness.run();
    CHECK(harness.take<std::string>("rejects") == std::vector<std::string>{std::string(56, 'x')});
  }

  TEST_CASE("without a channel for rejects they are counted all the same") {
    Harness<Parse> harness;
    harness.connect("rejects", 0);
    harness.feed("lines", std::string("hello"));
    harness.feed("lines", kSyslog);
    harness.run();
    CHECK(harness.counter("rejected") == 1);
    CHECK(harness.take<Record>("records").size() == 1);
  }

  TEST_CASE("a format that is set refuses the other one") {
    Harness<Parse> harness{{"format", "apache"}};
    harness.feed("lines", kSyslog);
    harness.feed("lines", kApache);
    harness.run();
    CHECK(harness.take<std::string>("rejects") == std::vector<std::string>{kSyslog});
    Harness<Parse> wrong{{"format", "csv"}};
    CHECK_THROWS_AS(wrong.start(), steady::testing::Failed);
  }
}
