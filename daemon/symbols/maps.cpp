#include "symbols/maps.hpp"

#include <charconv>
#include <optional>

namespace steady::symbols {
namespace {

/// Cuts off and returns what stands before the first blank.
std::string_view take_word(std::string_view& line) {
  const auto length = line.find(' ');
  const std::string_view word = line.substr(0, length);
  line.remove_prefix(length == std::string_view::npos ? line.size() : length + 1);
  return word;
}

bool parse_hex(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

/// "START-END PERMISSIONS OFFSET DEVICE INODE      PATH"
std::optional<CodeRange> parse_line(std::string_view line) {
  CodeRange range;
  const std::string_view addresses = take_word(line);
  const auto dash = addresses.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view permissions = take_word(line);
  if (permissions.size() != 4 || permissions[2] != 'x') return std::nullopt;
  if (!parse_hex(addresses.substr(0, dash), range.begin) || !parse_hex(addresses.substr(dash + 1), range.end) ||
      !parse_hex(take_word(line), range.file_offset) || range.begin >= range.end)
    return std::nullopt;
  const std::string_view device = take_word(line);
  const std::string_view inode = take_word(line);
  range.file_identity = std::string(device) + " " + std::string(inode);
  const auto path = line.find_first_not_of(' ');
  if (path != std::string_view::npos) range.path = line.substr(path);
  return range;
}

}  // namespace

std::vector<CodeRange> parse_maps(std::string_view text) {
  std::vector<CodeRange> ranges;
  while (!text.empty()) {
    const auto length = text.find('\n');
    if (auto range = parse_line(text.substr(0, length))) ranges.push_back(std::move(*range));
    text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
  }
  return ranges;
}

const CodeRange* find_range(const std::vector<CodeRange>& ranges, std::uint64_t address) {
  for (const CodeRange& range : ranges)
    if (address >= range.begin && address < range.end) return &range;
  return nullptr;
}

std::string module_name(std::string_view path) {
  constexpr std::string_view kDeleted = " (deleted)";
  constexpr std::string_view kMemory = "/memfd:";
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  if (path.starts_with(kMemory)) path.remove_prefix(kMemory.size());
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace steady::symbols
