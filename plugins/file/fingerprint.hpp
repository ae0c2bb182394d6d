// Recognises a file by what it holds. The number of a deleted file may be given to a new one, so a number alone does
// not tell that a file is still the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "file/descriptor.hpp"

namespace steady::file {

/// A hash over up to kLongest bytes at some place of a file. Trivially copyable: it is kept in the state.
struct Fingerprint {
  static constexpr std::uint64_t kLongest = 256;

  std::uint64_t begin = 0;   // where in the file
  std::uint64_t length = 0;  // bytes
  std::uint64_t hash = 0xcbf29ce484222325;

  /// Takes in bytes that follow those taken in so far; from kLongest on it ignores them.
  void add(std::string_view bytes);
};

/// Of the last bytes before `end`. Throws std::system_error.
[[nodiscard]] Fingerprint fingerprint_before(const Descriptor& file, const std::string& path, std::uint64_t end);

/// Of the first bytes up to `end`. Throws std::system_error.
[[nodiscard]] Fingerprint fingerprint_of_start(const Descriptor& file, const std::string& path, std::uint64_t end);

/// Whether the file still has those bytes there. Always so for an empty fingerprint. Throws std::system_error.
[[nodiscard]] bool matches(const Descriptor& file, const std::string& path, const Fingerprint& print);

}  // namespace steady::file
