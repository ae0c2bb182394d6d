#include "base/log_recent.hpp"

#include <algorithm>
#include <array>

namespace steady::log {
namespace {

std::size_t bytes_of(const RecentLine& line) {
  return line.actor.size() + line.text.size();
}

/// Whether `names`, with commas between them, has this one.
bool has_name(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const auto end = std::min(names.find(','), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

bool is_meant(const RecentLine& line, std::string_view actor) {
  return actor.empty() || has_name(line.actor, actor);
}

}  // namespace

std::string_view name_of(Level level) {
  constexpr std::array<std::string_view, 5> kNames{"trace", "debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

void Recent::add(std::chrono::system_clock::time_point at, Level level, std::string_view actor, std::string_view text) {
  lines_.push_back({++newest_, at, level, std::string(actor), std::string(text)});
  bytes_ += bytes_of(lines_.back());
  while (lines_.size() > 1 && (lines_.size() > lines_max_ || bytes_ > bytes_max_)) {
    bytes_ -= bytes_of(lines_.front());
    lines_.pop_front();
  }
}

Recent::Found Recent::find(std::string_view actor, std::optional<std::uint64_t> after, std::size_t limit) const {
  return after ? find_after(actor, *after, limit) : find_newest(actor, limit);
}

Recent::Found Recent::find_newest(std::string_view actor, std::size_t limit) const {
  Found found;
  found.last = newest_;
  for (auto line = lines_.rbegin(); line != lines_.rend() && found.lines.size() < limit; ++line)
    if (is_meant(*line, actor)) found.lines.push_back(*line);
  std::ranges::reverse(found.lines);
  return found;
}

Recent::Found Recent::find_after(std::string_view actor, std::uint64_t after, std::size_t limit) const {
  Found found;
  found.last = std::min(after, newest_);
  if (after >= newest_) return found;
  found.dropped = lines_.front().number - std::min(lines_.front().number, after + 1);
  found.last = after + found.dropped;
  const auto first = std::ranges::upper_bound(lines_, after, {}, &RecentLine::number);
  for (auto line = first; line != lines_.end() && found.lines.size() < limit; ++line) {
    if (is_meant(*line, actor)) found.lines.push_back(*line);
    found.last = line->number;
  }
  return found;
}

}  // namespace steady::log
