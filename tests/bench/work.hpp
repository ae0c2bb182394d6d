// What is done with each message, written once: the bare programs and the plugins beside them run the same loops, so that
// only what is between the loops differs. Meant for -O3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace work {

/// A message of `kWords` times 8 bytes. All of it is written, and all of it is read.
template <std::size_t kWords>
struct Item {
  std::uint64_t words[kWords];
};
using Small = Item<1>;
using Large = Item<8>;

/// Writes messages number first, first + 1, ...
template <std::size_t kWords>
void fill(Item<kWords>* out, std::size_t count, std::uint64_t first) {
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t word = 0; word < kWords; ++word) out[i].words[word] = first + i;
}

/// Sums all words, and says whether that is the sum of messages first, first + 1, ...
template <std::size_t kWords>
[[nodiscard]] bool holds(const Item<kWords>* in, std::size_t count, std::uint64_t first) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t word = 0; word < kWords; ++word) sum += in[i].words[word];
  return sum == kWords * (count * first + count * (count - 1) / 2);
}

/// Sums all bytes of a frame, eight at a time.
[[nodiscard]] inline std::uint64_t sum_bytes(const char* bytes, std::size_t length) {
  std::uint64_t sum = 0;
  std::uint64_t word = 0;
  std::size_t at = 0;
  for (; at + sizeof word <= length; at += sizeof word) {
    std::memcpy(&word, bytes + at, sizeof word);
    sum += word;
  }
  word = 0;
  std::memcpy(&word, bytes + at, length - at);
  return sum + word;
}

/// The bytes of every frame of this length.
inline void fill_bytes(char* bytes, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<char>('!' + i % 90);
}

// ---- the pipeline: generator, xor, auditor, each with a state

inline constexpr std::uint64_t kMask = 0x5555;

struct Progress {
  std::uint64_t next = 0;
  std::uint64_t sum = 0;
  std::uint64_t gaps = 0;
};

inline void generate(std::uint64_t* out, std::size_t count, Progress& progress) {
  for (std::size_t i = 0; i < count; ++i) out[i] = progress.next + i;
  progress.next += count;
}

inline void change(const std::uint64_t* in, std::uint64_t* out, std::size_t count, Progress& progress) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = in[i] ^ kMask;
    sum += in[i];
  }
  progress.sum += sum;
  progress.next += count;
}

inline void audit(const std::uint64_t* in, std::size_t count, Progress& progress) {
  std::uint64_t gaps = 0;
  for (std::size_t i = 0; i < count; ++i) gaps += (in[i] ^ kMask) != progress.next + i ? 1U : 0U;
  progress.gaps += gaps;
  progress.next += count;
}

}  // namespace work
