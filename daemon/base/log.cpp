#include "base/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace steady::log {
namespace {

struct Name {
  std::string_view text;
  Level level;
  spdlog::level::level_enum spdlog_level;
};
constexpr std::array kNames{
    Name{"trace", Level::Trace, spdlog::level::trace}, Name{"debug", Level::Debug, spdlog::level::debug},
    Name{"info", Level::Info, spdlog::level::info},    Name{"warn", Level::Warn, spdlog::level::warn},
    Name{"error", Level::Error, spdlog::level::err},
};

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
    for (const Name& name : kNames)
      if (name.spdlog_level == message.level) text = name.text;
    line.append(text.data(), text.data() + text.size());
    for (std::size_t width = text.size(); width < 5; ++width) line.push_back(' ');
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return spdlog::details::make_unique<LevelName>();
  }
};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = spdlog::stderr_color_mt("steadyd");
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<LevelName>('*');
    formatter->set_pattern(writes_to_journal() ? "%^%*%$ %v" : "%Y-%m-%dT%H:%M:%S.%e%z %^%*%$ %v");
    created->set_formatter(std::move(formatter));
    created->flush_on(spdlog::level::trace);
    return created;
  }();
  return *instance;
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == 0x7f) return true;
  return false;
}

void append_quoted(std::string& line, std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  line += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (byte < ' ' || byte == 0x7f) {
      line += "\\x";
      line += kHex[byte >> 4];
      line += kHex[byte & 15];
    } else {
      line += c;
    }
  }
  line += '"';
}

}  // namespace

Result<Level> parse_level(std::string_view level) {
  for (const Name& name : kNames)
    if (name.text == level) return name.level;
  return fail(ErrorCode::Invalid, "expected one of trace, debug, info, warn, error, found '" + std::string(level) + "'");
}

Status set_level(std::string_view level) {
  const auto parsed = parse_level(level);
  if (!parsed) return fail(parsed.error().code, parsed.error().message);
  logger().set_level(kNames[static_cast<std::size_t>(*parsed)].spdlog_level);
  return {};
}

void write(Level level, std::string_view sentence, Fields fields) {
  const auto spdlog_level = kNames[static_cast<std::size_t>(level)].spdlog_level;
  if (!logger().should_log(spdlog_level)) return;
  std::string line(sentence);
  for (const Field& field : fields) {
    line.append("  ").append(field.name) += '=';
    if (needs_quotes(field.value)) {
      append_quoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  logger().log(spdlog_level, "{}", line);
}

}  // namespace steady::log
