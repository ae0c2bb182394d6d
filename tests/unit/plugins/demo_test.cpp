#include <doctest/doctest.h>

#include <chrono>
#include <random>
#include <steady/testing.hpp>
#include <string>
#include <vector>

#include "demo/auditor.hpp"
#include "demo/fizzbuzz.hpp"
#include "demo/generator.hpp"

using namespace std::chrono_literals;
using namespace steady::demo;
using steady::testing::Failed;
using steady::testing::Harness;

namespace {

std::vector<Number> numbers(std::uint64_t begin, std::uint64_t end) {
  std::vector<Number> made(end - begin);
  count_up(made, begin);
  return made;
}

std::vector<Verdict> verdicts(std::uint64_t begin, std::uint64_t end) {
  const auto in = numbers(begin, end);
  std::vector<Verdict> made(in.size());
  classify(in, made);
  return made;
}

std::uint64_t plainly(std::uint64_t value) {
  if (value % 15 == 0) return kFizzBuzz;
  if (value % 5 == 0) return kBuzz;
  return value % 3 == 0 ? kFizz : kNone;
}

Ledger::Findings findings_of(const std::vector<Verdict>& sequence) {
  Ledger ledger(0);
  Ledger::Findings findings;
  ledger.check(sequence, findings);
  return findings;
}

void check_findings(const std::vector<Verdict>& sequence, std::uint64_t gaps, std::uint64_t duplicates,
                    std::uint64_t disorder, std::uint64_t wrong) {
  const auto found = findings_of(sequence);
  CHECK(found.gaps == gaps);
  CHECK(found.duplicates == duplicates);
  CHECK(found.disorder == disorder);
  CHECK(found.wrong == wrong);
}

}  // namespace

TEST_SUITE("plugins/demo/auditor") {
  TEST_CASE("a number that is left out is a gap, wherever it is") {
    for (const std::size_t place : {0u, 1u, 239u, 240u, 241u, 998u}) {
      CAPTURE(place);
      auto sequence = verdicts(0, 1000);
      sequence.erase(sequence.begin() + static_cast<std::ptrdiff_t>(place));
      check_findings(sequence, 1, 0, 0, 0);
    }
  }

  TEST_CASE("a number that comes twice is a duplicate") {
    auto sequence = verdicts(0, 1000);
    sequence.insert(sequence.begin() + 500, sequence[500]);
    sequence.push_back(sequence[3]);
    check_findings(sequence, 0, 2, 0, 0);
  }

  TEST_CASE("two numbers that changed places are one gap and one disorder") {
    auto sequence = verdicts(0, 1000);
    std::swap(sequence[300], sequence[301]);
    check_findings(sequence, 1, 0, 1, 0);
  }

  TEST_CASE("a stretch that comes late is out of order the first time and a duplicate the second") {
    auto sequence = verdicts(0, 100);
    for (const auto& [begin, end] : {std::pair{200, 300}, {100, 200}, {100, 200}, {300, 400}}) {
      const auto more = verdicts(static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end));
      sequence.insert(sequence.end(), more.begin(), more.end());
    }
    check_findings(sequence, 100, 100, 100, 0);
  }

  TEST_CASE("a verdict that does not fit its number is wrong, and nothing else is") {
    auto sequence = verdicts(0, 1000);
    sequence[15].kind = kFizz;
    sequence[700].kind = 17;
    check_findings(sequence, 0, 0, 0, 2);
  }

  TEST_CASE("findings do not depend on how the verdicts are portioned, nor on kills") {
    auto sequence = verdicts(0, 5000);
    std::mt19937 random(3);
    for (int i = 0; i < 40; ++i) sequence[random() % sequence.size()] = sequence[random() % sequence.size()];
    const auto expected = findings_of(sequence);
    for (const std::uint64_t batch : {1u, 7u, 241u, 100000u}) {
      CAPTURE(batch);
      Harness<Auditor> harness;
      harness.limit_batch("verdicts", batch);
      harness.feed_all("verdicts", sequence);
      harness.run_crashing();
      CHECK(harness.counter("checked") == 5000);
      CHECK(harness.counter("gaps") == expected.gaps);
      CHECK(harness.counter("duplicates") == expected.duplicates);
      CHECK(harness.counter("disorder") == expected.disorder);
      CHECK(harness.counter("wrong") == expected.wrong);
    }
  }

  TEST_CASE("its note says how many and how fast") {
    Harness<Auditor> harness;
    harness.feed_all("verdicts", verdicts(0, 3200));
    harness.start();
    harness.advance(2s);
    harness.run();
    CHECK(harness.note() == "3.2 k checked, 1.6 k/s, 0 gaps, 0 duplicates, 0 out of order, 0 wrong");
    CHECK(short_count(950) == "950");
    CHECK(short_count(999.7) == "1.0 k");
    CHECK(short_count(412e6) == "412 M");
    CHECK(short_count(9.97e9) == "10 G");
  }
}

TEST_SUITE("plugins/demo/fizzbuzz") {
  TEST_CASE("each number is judged by its value, whatever stands before it") {
    std::mt19937_64 random(11);
    std::vector<Number> in = numbers(~std::uint64_t{0} - 700, ~std::uint64_t{0});
    for (const std::uint64_t begin : {0u, 7u, 14u, 100000u})
      for (const auto& number : numbers(begin, begin + 400)) in.push_back(number);
    for (int i = 0; i < 1000; ++i) in.push_back({random()});
    for (int i = 0; i < 100; ++i) std::swap(in[random() % in.size()], in[random() % in.size()]);
    std::vector<Verdict> out(in.size());
    classify(in, out);
    for (std::size_t i = 0; i < in.size(); ++i) {
      CHECK_MESSAGE(out[i].value == in[i].value, i);
      CHECK_MESSAGE(out[i].kind == plainly(in[i].value), i);
    }
  }

  TEST_CASE("it stops at a full output and goes on without a loss") {
    Harness<FizzBuzz> harness;
    harness.set_capacity("verdicts", 10);
    harness.feed_all("numbers", numbers(0, 25));
    std::size_t count = 0;
    while (harness.run_crashing() > 0)
      for (const auto& verdict : harness.take<Verdict>("verdicts")) CHECK(verdict.value == count++);
    CHECK(count == 25);
  }
}

TEST_SUITE("plugins/demo/generator") {
  TEST_CASE("kills leave no hole and no repetition in its numbers") {
    Harness<Generator> harness{{"start", "5"}, {"limit", "1000"}, {"batch", "7"}};
    harness.run_crashing();
    const auto made = harness.take<Number>("numbers");
    REQUIRE(made.size() == 1000);
    for (std::size_t i = 0; i < made.size(); ++i) CHECK(made[i].value == i + 5);
    CHECK(harness.ended());
  }

  TEST_CASE("it fills what room there is and ends at its limit") {
    Harness<Generator> harness{{"limit", "100000"}};
    harness.run();
    CHECK(harness.take<Number>("numbers").size() == 65536);
    CHECK_FALSE(harness.ended());
    harness.run();
    CHECK(harness.take<Number>("numbers").size() == 100000 - 65536);
    CHECK(harness.ended());
  }

  TEST_CASE("negative parameters are refused") {
    Harness<Generator> harness{{"limit", "-1"}};
    CHECK_THROWS_AS(harness.start(), Failed);
  }
}

TEST_SUITE("plugins/demo/crash") {
  TEST_CASE("a crash on purpose happens in the middle of a step, of which nothing stays") {
    Harness<Generator> harness{{"crash_every", "1s"}, {"crash_kind", "throw"}, {"batch", "10"}};
    harness.step();
    harness.advance(1h);
    CHECK_THROWS_WITH(harness.step(), "exception: a crash on purpose (crash_every)");
    CHECK(harness.take<Number>("numbers").size() == 10);
    CHECK(harness.state<std::uint64_t>() == 10);
  }

  TEST_CASE("a kind of crash that nobody knows is refused with the known ones") {
    Harness<Generator> harness{{"crash_every", "1s"}, {"crash_kind", "burn"}};
    CHECK_THROWS_WITH(harness.start(),
                      "exception: parameter crash_kind: expected kill, segv, abort, throw or exit, found 'burn'");
  }

  TEST_CASE("ages are the same for a seed, differ by generation, and have the mean that was asked for") {
    CHECK(draw_lifetime(1s, 1, 5) == draw_lifetime(1s, 1, 5));
    CHECK(draw_lifetime(1s, 1, 5) != draw_lifetime(1s, 1, 6));
    double sum = 0;
    for (std::uint64_t i = 0; i < 10000; ++i) sum += std::chrono::duration<double>(draw_lifetime(1s, 9, i)).count();
    CHECK(sum / 10000 == doctest::Approx(1.0).epsilon(0.05));
  }
}
