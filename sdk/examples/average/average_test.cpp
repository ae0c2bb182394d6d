#include <cstdio>
#include <steady/testing.hpp>
#include <string>

#include "average.cpp"

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("not so: %s\n", what);
  ++failures;
}

void kills_change_nothing() {
  steady::testing::Harness<average::Average> harness{{"window", "2"}};
  for (const char* line : {"1", "3", "no number", "5"}) harness.feed("lines", std::string(line));
  harness.limit_batch("lines", 1);
  harness.run_crashing();  // every step is killed once before it may happen
  const auto means = harness.take<average::Mean>("means");
  check(means.size() == 3, "a mean per number");
  check(means.back().value == 4, "the mean of 3 and 5 is 4");
  check(harness.counter("ignored") == 1, "one line is no number");
}

void a_wrong_window_is_refused() {
  steady::testing::Harness<average::Average> harness{{"window", "0"}};
  try {
    harness.start();
    check(false, "the start fails");
  } catch (const steady::testing::Failed& failed) {
    check(std::string(failed.what()).find("1 to 64") != std::string::npos, "the reason names what is accepted");
  }
}

}  // namespace

int main() {
  kills_change_nothing();
  a_wrong_window_is_refused();
  return failures == 0 ? 0 : 1;
}
