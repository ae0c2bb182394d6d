// The other limit of the trio: the same arithmetic with no channel at all. One loop on one core counts, judges and audits
// a block of numbers after the other, by the demo's own functions; the block stays in the first cache.
//
//   bare_loop SECONDS   prints the numbers per second, and fails when a verdict is wrong
#include <array>
#include <cstdio>
#include <cstdlib>

#include "bare_ring.hpp"
#include "demo/auditor.hpp"
#include "demo/fizzbuzz.hpp"
#include "demo/generator.hpp"

using namespace steady::demo;

int main(int argc, char** argv) {
  const double seconds = argc == 2 ? std::strtod(argv[1], nullptr) : 0;
  if (!(seconds > 0)) {
    std::fprintf(stderr, "usage: bare_loop SECONDS\n");
    return 2;
  }
  static std::array<Number, 1024> numbers;
  static std::array<Verdict, numbers.size()> verdicts;
  Ledger ledger;
  Ledger::Findings findings;
  std::uint64_t done = 0;
  const double begun = bare::now_seconds();
  double now = begun;
  for (; now - begun < seconds; now = bare::now_seconds()) {
    for (int block = 0; block < 1000; ++block) {  // the clock is read so seldom that it does not count
      count_up(numbers, done);
      classify(numbers, verdicts);
      ledger.check(verdicts, findings);
      done += numbers.size();
    }
  }
  std::printf("%.0f\n", static_cast<double>(done) / (now - begun));
  return findings.gaps + findings.duplicates + findings.disorder + findings.wrong == 0 ? 0 : 1;
}
