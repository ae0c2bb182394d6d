#include "file/fingerprint.hpp"

#include <algorithm>
#include <array>

namespace steady::file {
namespace {

/// Shorter than asked for when the file ends before.
Fingerprint take(const Descriptor& file, const std::string& path, std::uint64_t begin, std::uint64_t length) {
  std::array<char, Fingerprint::kLongest> bytes;
  Fingerprint print;
  print.begin = begin;
  while (print.length < length) {
    const auto got = read_at(file, path, bytes.data(), length - print.length, begin + print.length);
    if (got == 0) break;
    print.add({bytes.data(), got});
  }
  return print;
}

}  // namespace

void Fingerprint::add(std::string_view bytes) {
  for (const char byte : bytes.substr(0, kLongest - length)) {  // FNV-1a
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    ++length;
  }
}

Fingerprint fingerprint_before(const Descriptor& file, const std::string& path, std::uint64_t end) {
  const auto length = std::min(end, Fingerprint::kLongest);
  return take(file, path, end - length, length);
}

Fingerprint fingerprint_of_start(const Descriptor& file, const std::string& path, std::uint64_t end) {
  return take(file, path, 0, std::min(end, Fingerprint::kLongest));
}

bool matches(const Descriptor& file, const std::string& path, const Fingerprint& print) {
  const auto now = take(file, path, print.begin, print.length);
  return now.length == print.length && now.hash == print.hash;
}

}  // namespace steady::file
