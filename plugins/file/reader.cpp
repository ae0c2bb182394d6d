#include "file/reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace steady::file {
namespace {

constexpr std::size_t kChunk = 256 * 1024;

std::size_t read_at(const Descriptor& file, const std::string& path, char* into, std::size_t size,
                    std::uint64_t offset) {
  for (;;) {
    const ssize_t got = ::pread(file.get(), into, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw os_error("read", path);
  }
}

}  // namespace

void Fingerprint::add(std::string_view bytes) {
  for (const char byte : bytes.substr(0, kLongest - length)) {  // FNV-1a
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    ++length;
  }
}

Reader::Reader(Descriptor file, std::string path, std::uint64_t offset)
    : file_(std::move(file)), path_(std::move(path)), next_(offset) {}

bool Reader::matches(const Fingerprint& print) const {
  std::array<char, Fingerprint::kLongest> bytes{};
  Fingerprint now{print.begin, 0};
  while (now.length < print.length) {
    const auto got = read_at(file_, path_, bytes.data(), print.length - now.length, print.begin + now.length);
    if (got == 0) return false;
    now.add({bytes.data(), got});
  }
  return now.hash == print.hash;
}

bool Reader::fill() {
  make_room();
  const auto got = read_at(file_, path_, buffer_.data() + end_, kChunk, next_);
  next_ += got;
  end_ += got;
  return got > 0;
}

void Reader::make_room() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
            buffer_.begin());
  end_ -= begin_;
  begin_ = 0;
  if (buffer_.size() < end_ + kChunk) buffer_.resize(end_ + kChunk);
}

void Reader::rewind(std::uint64_t offset) {
  begin_ = end_ = 0;
  next_ = offset;
}

}  // namespace steady::file
