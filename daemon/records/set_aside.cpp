#include "records/set_aside.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

namespace steady::records {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKept = 8;
constexpr const char* kSuffixes[] = {"", "-wal", "-shm", "-journal"};

/// The N of "NAME.damaged-N" or "NAME.damaged-N-wal".
std::optional<std::uint32_t> number_of(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  std::uint32_t number = 0;
  const char* end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + prefix.size(), end, number);
  const auto is_rest = [&](const char* suffix) { return std::string_view(rest, end) == suffix; };
  const bool ours = error == std::errc() && std::any_of(std::begin(kSuffixes), std::end(kSuffixes), is_rest);
  return ours ? std::optional(number) : std::nullopt;
}

std::set<std::uint32_t> numbers_beside(const fs::path& path) {
  const auto prefix = path.filename().string() + ".damaged-";
  std::set<std::uint32_t> numbers;
  std::error_code error;
  for (fs::directory_iterator entry(path.parent_path().empty() ? "." : path.parent_path(), error), end;
       !error && entry != end; entry.increment(error))
    if (const auto number = number_of(entry->path().filename().string(), prefix)) numbers.insert(*number);
  return numbers;
}

std::string damaged_path(const std::string& path, std::uint32_t number) {
  return path + ".damaged-" + std::to_string(number);
}

/// What cannot be deleted stays: the fresh database matters more.
void delete_oldest(const std::string& path, std::set<std::uint32_t> numbers) {
  for (; numbers.size() >= kKept; numbers.erase(numbers.begin()))
    for (const char* suffix : kSuffixes) {
      std::error_code ignored;
      fs::remove_all(damaged_path(path, *numbers.begin()) + suffix, ignored);
    }
}

}  // namespace

Result<std::string> set_aside(const std::string& path) {
  const auto numbers = numbers_beside(path);
  const auto target = damaged_path(path, numbers.empty() ? 1 : *numbers.rbegin() + 1);
  bool found = false;
  for (const char* suffix : kSuffixes) {
    const auto from = path + suffix;
    if (std::rename(from.c_str(), (target + suffix).c_str()) == 0)
      found = true;
    else if (errno != ENOENT)
      return fail_errno(from);
  }
  if (!found) return std::string();
  delete_oldest(path, numbers);
  return target;
}

}  // namespace steady::records
