#include "file/reader.hpp"

#include <algorithm>
#include <utility>

namespace steady::file {
namespace {

constexpr std::size_t kChunk = 256 * 1024;

}  // namespace

Reader::Reader(Descriptor file, std::string path, std::uint64_t offset)
    : file_(std::move(file)), path_(std::move(path)), next_(offset) {}

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
