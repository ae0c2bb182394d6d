#include "ipc/histogram.hpp"

#include <algorithm>
#include <bit>

namespace steady::ipc {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;  // telemetry: nothing is handed over

void add(Word& word, std::uint64_t amount) { word.store(word.load(kRelaxed) + amount, kRelaxed); }

void add(Word& word, double amount) {
  word.store(std::bit_cast<std::uint64_t>(std::bit_cast<double>(word.load(kRelaxed)) + amount), kRelaxed);
}

/// A sum as the words have it, or the nearest one that `count` samples of at most `largest` can have.
double sum_of(const Word& word, std::uint64_t count, double largest) {
  const auto sum = std::bit_cast<double>(word.load(kRelaxed));
  return sum >= 0 ? std::min(sum, largest * static_cast<double>(count)) : 0;  // not a number is not >= 0
}

}  // namespace

void record(HistogramWords& words, std::uint64_t value, std::uint64_t weight) {
  const auto amount = static_cast<double>(std::min(value, kHistogramLargest));
  const auto times = static_cast<double>(weight);
  add(words.sum, amount * times);
  add(words.sum_of_squares, amount * amount * times);
  add(words.buckets[histogram_bucket(value)], weight);
  // Last: who has seen this count finds the rest of it in a copy that it makes now.
  words.count.store(words.count.load(kRelaxed) + weight, std::memory_order_release);  // SYNC(recorded)
}

std::uint64_t recorded(const HistogramWords& words) {
  return words.count.load(std::memory_order_acquire);  // SYNC(recorded)
}

Histogram copy(const HistogramWords& words) {
  constexpr auto kLargest = static_cast<double>(kHistogramLargest);
  Histogram histogram;
  for (std::size_t i = 0; i < kHistogramBuckets; ++i) {
    histogram.buckets[i] = words.buckets[i].load(kRelaxed);
    histogram.count += histogram.buckets[i];  // not the word: whatever it says, ranks and buckets must agree
  }
  histogram.sum = sum_of(words.sum, histogram.count, kLargest);
  histogram.sum_of_squares = sum_of(words.sum_of_squares, histogram.count, kLargest * kLargest);
  return histogram;
}

}  // namespace steady::ipc
