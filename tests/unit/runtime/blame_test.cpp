#include "runtime/blame.hpp"

#include <doctest/doctest.h>

namespace steady::runtime {
namespace {

constexpr Suspect kOne{.reader = 7, .sequence = 41};
constexpr Suspect kNext{.reader = 7, .sequence = 42};
constexpr Suspect kSameNumberElsewhere{.reader = 8, .sequence = 41};

}  // namespace

TEST_SUITE("runtime/blame") {
  TEST_CASE("deaths in a row on the same message are counted") {
    Blame blame;
    for (unsigned count = 1; count <= 5; ++count) {
      CHECK(blame.note_death(kOne) == count);
      CHECK(blame.deaths() == count);
    }
  }

  TEST_CASE("a death on another message starts anew, also on one of the same number on another input") {
    for (const Suspect other : {kNext, kSameNumberElsewhere}) {
      Blame blame;
      blame.note_death(kOne);
      blame.note_death(kOne);
      CHECK(blame.note_death(other) == 1);
      CHECK(blame.deaths() == 1);
      CHECK(blame.note_death(kOne) == 1);
    }
  }

  TEST_CASE("a death without a lone message blames none, and ends the row of the one before") {
    Blame blame;
    blame.note_death(kOne);
    blame.note_death(kOne);
    CHECK(blame.note_death(std::nullopt) == 0);
    CHECK(blame.note_death(kOne) == 1);
  }

  TEST_CASE("the death that came before a message was alone is pardoned with those on it") {
    Blame blame;
    blame.note_death(std::nullopt);
    CHECK(blame.deaths() == 1);
    CHECK(blame.note_death(kOne) == 1);
    CHECK(blame.deaths() == 2);
    CHECK(blame.note_death(kOne) == 2);
    CHECK(blame.deaths() == 3);
  }

  TEST_CASE("of many deaths that nothing explains only the one right before counts") {
    Blame blame;
    for (int death = 0; death < 4; ++death) CHECK(blame.note_death(std::nullopt) == 0);
    blame.note_death(kOne);
    CHECK(blame.deaths() == 2);
  }

  TEST_CASE("a message is not pardoned for the death that made another one alone") {
    Blame blame;
    blame.note_death(std::nullopt);
    blame.note_death(kOne);
    blame.note_death(kNext);
    CHECK(blame.deaths() == 1);
  }

  TEST_CASE("what is forgotten counts no more") {
    Blame blame;
    blame.note_death(std::nullopt);
    blame.note_death(kOne);
    blame.forget();
    CHECK(blame.deaths() == 0);
    CHECK(blame.note_death(kOne) == 1);
    CHECK(blame.deaths() == 1);
  }
}

}  // namespace steady::runtime
