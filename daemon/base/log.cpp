#include "base/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "base/log_format.hpp"

namespace steady::log {
namespace {

constexpr std::size_t kRecentLines = 5000;
constexpr std::size_t kRecentBytes = 4 * 1024 * 1024;

constexpr std::array kLevels{spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                             spdlog::level::err};

spdlog::level::level_enum spdlog_level(Level level) {
  return kLevels[static_cast<std::size_t>(level)];
}

/// Whether stderr is the stream that systemd named in JOURNAL_STREAM (DEVICE:INODE); the journal stamps lines itself.
/// The variable alone proves nothing: a terminal inherits it from the session that it was opened in.
bool writes_to_journal() {
  const char* const named = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (named == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == named;
}

/// The level by the name that --log-level takes; spdlog's own flag says "warning".
class LevelName final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& line) override {
    std::string_view text = "?";
    for (std::size_t i = 0; i < kLevels.size(); ++i)
      if (kLevels[i] == message.level) text = name_of(static_cast<Level>(i));
    line.append(text.data(), text.data() + text.size());
    for (std::size_t width = text.size(); width < 5; ++width) line.push_back(' ');
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return spdlog::details::make_unique<LevelName>();
  }
};

std::unique_ptr<spdlog::formatter> formatter_of(Format format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<LevelName>('*');
  if (format == Format::Json)
    formatter->set_pattern("%v");
  else
    formatter->set_pattern(writes_to_journal() ? "%^%*%$ %v" : "%Y-%m-%dT%H:%M:%S.%e%z %^%*%$ %v");
  return formatter;
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = spdlog::stderr_color_mt("steadyd");
    created->set_formatter(formatter_of(Format::Human));
    created->flush_on(spdlog::level::trace);
    return created;
  }();
  return *instance;
}

/// Everything but stderr itself.
struct State {
  std::mutex mutex;  ///< guards the rest, and keeps lines in the order of their numbers
  Format format = Format::Human;
  JournalSend send = nullptr;
  Recent recent{kRecentLines, kRecentBytes};
};

State& state() {
  static State instance;
  return instance;
}

bool sent_to_journal(JournalSend send, const std::vector<std::string>& entry) {
  std::vector<iovec> parts;
  for (const std::string& field : entry) parts.push_back({const_cast<char*>(field.data()), field.size()});
  return send(parts.data(), static_cast<int>(parts.size())) >= 0;
}

}  // namespace

Result<Level> parse_level(std::string_view level) {
  for (std::size_t i = 0; i < kLevels.size(); ++i)
    if (name_of(static_cast<Level>(i)) == level) return static_cast<Level>(i);
  return fail(ErrorCode::Invalid, "expected one of trace, debug, info, warn, error, found '" + std::string(level) + "'");
}

Status set_level(std::string_view level) {
  const auto parsed = parse_level(level);
  if (!parsed) return fail(parsed.error().code, parsed.error().message);
  logger().set_level(spdlog_level(*parsed));
  return {};
}

Result<Format> parse_format(std::string_view format) {
  constexpr std::array<std::string_view, 4> kNames{"auto", "human", "json", "journald"};
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == format) return static_cast<Format>(i);
  return fail(ErrorCode::Invalid, "expected one of auto, human, json, journald, found '" + std::string(format) + "'");
}

Status set_format(Format format, JournalSend send) {
  if (format == Format::Journald && send == nullptr)
    return fail(ErrorCode::NotFound, "there is no journal to write to");
  if (format == Format::Auto) format = send != nullptr && writes_to_journal() ? Format::Journald : Format::Human;
  const std::lock_guard lock(state().mutex);
  state().format = format;
  state().send = send;
  logger().set_formatter(formatter_of(format));
  return {};
}

Format format() {
  const std::lock_guard lock(state().mutex);
  return state().format;
}

Recent::Found recent(std::string_view actor, std::optional<std::uint64_t> after, std::size_t limit) {
  const std::lock_guard lock(state().mutex);
  return state().recent.find(actor, after, limit);
}

void write(Level level, std::string_view sentence, Fields fields) {
  if (!logger().should_log(spdlog_level(level))) return;
  const auto now = std::chrono::system_clock::now();
  const std::string text = human_text(sentence, fields);
  State& current = state();
  const std::lock_guard lock(current.mutex);
  current.recent.add(now, level, actor_of(fields), text);
  if (current.format == Format::Journald && sent_to_journal(current.send, journal_entry(level, sentence, fields)))
    return;
  const bool json = current.format == Format::Json;
  logger().log(spdlog_level(level), "{}", json ? json_line(now, level, sentence, fields) : text);
}

}  // namespace steady::log
