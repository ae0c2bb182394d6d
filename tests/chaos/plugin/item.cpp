#include "item.hpp"

#include <cstring>

namespace steady::chaos {
namespace {

/// The filler repeats the bytes of the check, turned round.
char filler(const Item& item, std::size_t index) {
  return static_cast<char>(~(item.check >> (8 * (index % sizeof item.check))));
}

}  // namespace

std::uint64_t scramble(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

Item make_item(std::uint64_t stream, std::uint64_t sequence) {
  return {stream, sequence, scramble(scramble(stream) ^ sequence)};
}

std::uint64_t frame_length(const Item& item) {
  return sizeof item + item.check % (kLongestFrame - sizeof item + 1);
}

void write_frame(const Item& item, std::span<char> frame) {
  std::memcpy(frame.data(), &item, sizeof item);
  const auto rest = frame.subspan(sizeof item);
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = filler(item, i);
}

std::optional<Item> read_item(std::string_view bytes) {
  Item item;
  if (bytes.size() < sizeof item) return std::nullopt;
  std::memcpy(&item, bytes.data(), sizeof item);
  if (item.check != make_item(item.stream, item.sequence).check) return std::nullopt;
  if (bytes.size() != sizeof item && bytes.size() != frame_length(item)) return std::nullopt;
  const auto rest = bytes.substr(sizeof item);
  for (std::size_t i = 0; i < rest.size(); ++i)
    if (rest[i] != filler(item, i)) return std::nullopt;
  return item;
}

}  // namespace steady::chaos
