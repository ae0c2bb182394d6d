// The last lines of a log, bounded by their count and their bytes. One thread at a time; log.hpp has the daemon's one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace steady::log {

enum class Level { Trace, Debug, Info, Warn, Error };

/// "trace", "debug", "info", "warn", "error".
[[nodiscard]] std::string_view name_of(Level level);

struct RecentLine {
  std::uint64_t number = 0;  ///< counts from 1 for as long as the process lives
  std::chrono::system_clock::time_point at;
  Level level = Level::Info;
  std::string actor;  ///< whom it is about: empty, one name, or several with commas between them
  std::string text;   ///< the sentence and its fields
};

class Recent {
 public:
  /// The newest line is kept whatever its size.
  Recent(std::size_t lines_max, std::size_t bytes_max) : lines_max_(lines_max), bytes_max_(bytes_max) {}

  void add(std::chrono::system_clock::time_point at, Level level, std::string_view actor, std::string_view text);

  struct Found {
    std::vector<RecentLine> lines;  ///< the oldest first
    std::uint64_t dropped = 0;      ///< lines of anybody behind `after` that are no longer kept
    std::uint64_t last = 0;         ///< all up to this number were looked at: the `after` of the next question
  };
  /// Lines of `actor`, or of all when it is empty: the newest `limit`, or the oldest `limit` behind number `after`.
  [[nodiscard]] Found find(std::string_view actor, std::optional<std::uint64_t> after, std::size_t limit) const;

 private:
  [[nodiscard]] Found find_newest(std::string_view actor, std::size_t limit) const;
  [[nodiscard]] Found find_after(std::string_view actor, std::uint64_t after, std::size_t limit) const;

  const std::size_t lines_max_;
  const std::size_t bytes_max_;
  std::deque<RecentLine> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t newest_ = 0;  ///< number of the line that was added last
};

}  // namespace steady::log
