#include "logs/formats.hpp"
#include "logs/scanner.hpp"

namespace steady::logs {
namespace {

constexpr std::uint32_t kPriorityMost = 191;  // 24 facilities of 8 severities

/// "2024-05-01T12:00:00.123456+02:00" or with "Z"
bool scan_iso_time(Scanner& scanner, Record& record) {
  LogTime time;
  const auto year = scanner.number(4, 4, 9999);
  if (!year || !scanner.skip('-')) return false;
  const auto month = scanner.number(2, 2, 12);
  if (!month || !scanner.skip('-')) return false;
  const auto day = scanner.number(2, 2, 31);
  if (!day || !scanner.skip('T')) return false;
  time.year = *year;
  time.month = *month;
  time.day = *day;
  if (!scan_clock(scanner, time)) return false;
  const auto microsecond = scan_fraction(scanner);
  const auto zone = scanner.until(" ");
  if (!microsecond || !zone || *month == 0 || *day == 0) return false;
  record.time = written(time);
  record.microsecond = *microsecond;
  record.zone = *zone;
  return true;
}

/// "Dec 10 06:55:46", "Dec  1 06:55:46"
bool scan_bsd_time(Scanner& scanner, Record& record) {
  LogTime time;
  const auto month = scanner.month();
  if (!month || !scanner.skip(' ')) return false;
  const auto day = scanner.skip(' ') ? scanner.number(1, 1, 9) : scanner.number(1, 2, 31);
  if (!day || *day == 0 || !scanner.skip(' ')) return false;
  time.month = *month;
  time.day = *day;
  if (!scan_clock(scanner, time)) return false;
  record.time = written(time);
  return true;
}

/// "sshd[24200]: ", "kernel: ". A line without one keeps all its text.
void scan_tag(Scanner& scanner, Record& record) {
  Scanner ahead = scanner;
  const auto program = ahead.until(" [:");
  if (!program) return;
  std::uint32_t pid = 0;
  if (ahead.skip('[')) {
    const auto number = ahead.number(1, 9, 999'999'999);
    if (!number || !ahead.skip(']')) return;
    pid = *number;
  }
  if (!ahead.skip(':')) return;
  ahead.skip(' ');
  record.program = *program;
  record.pid = pid;
  scanner = ahead;
}

void set_text(Record& record, std::string_view text) {
  record.text = text;
  record.text_length = static_cast<std::uint32_t>(text.size());
}

/// The token up to the next space, "-" meaning none.
std::optional<std::string_view> scan_token(Scanner& scanner) {
  const auto token = scanner.until(" ");
  scanner.skip(' ');
  return token == "-" ? std::string_view() : token;
}

/// "-" or "[id name="value"]...": a quote may hold an escaped quote or bracket.
bool skip_structured_data(Scanner& scanner) {
  if (scanner.skip('-')) return true;
  if (!scanner.next_is('[')) return false;
  while (scanner.skip('[')) {
    for (bool quoted = false; quoted || !scanner.skip(']');) {
      if (scanner.rest().empty()) return false;
      const char character = scanner.rest().front();
      scanner.skip(character);
      if (character == '"') quoted = !quoted;
      if (character == '\\' && quoted && !scanner.rest().empty()) scanner.skip(scanner.rest().front());
    }
  }
  return true;
}

/// What follows "<34>1 ".
bool scan_rfc5424(Scanner& scanner, Record& record) {
  if (!scan_iso_time(scanner, record) || !scanner.skip(' ')) return false;
  const auto host = scan_token(scanner);
  const auto program = scan_token(scanner);
  const auto process = scan_token(scanner);
  const auto message_id = scan_token(scanner);
  if (!host || !program || !process || !message_id || !skip_structured_data(scanner)) return false;
  Scanner digits(*process);
  const auto pid = digits.number(1, 9, 999'999'999);
  record.host = *host;
  record.program = *program;
  record.pid = pid && digits.rest().empty() ? *pid : 0;
  scanner.skip(' ');
  scanner.skip("\xef\xbb\xbf");  // the mark of UTF-8 that the RFC puts before the text
  return true;
}

/// The time, the host and the tag.
bool scan_traditional(Scanner& scanner, Record& record) {
  if (!scan_bsd_time(scanner, record) && !scan_iso_time(scanner, record)) return false;
  if (!scanner.skip(' ')) return false;
  const auto host = scanner.until(" ");
  if (!host) return false;
  record.host = *host;
  scanner.skip(' ');
  scan_tag(scanner, record);
  return true;
}

}  // namespace

std::optional<Record> parse_syslog(std::string_view line) {
  Record record{};
  Scanner scanner(line);
  std::optional<std::uint32_t> priority;
  if (scanner.skip('<')) {
    priority = scanner.number(1, 3, kPriorityMost);
    if (!priority || !scanner.skip('>')) return std::nullopt;
  }
  const bool modern = priority && scanner.skip("1 ");
  if (!(modern ? scan_rfc5424(scanner, record) : scan_traditional(scanner, record))) return std::nullopt;
  set_text(record, scanner.rest());
  record.level = priority ? kLevels[*priority % kLevels.size()] : guess_level(scanner.rest());
  return record;
}

}  // namespace steady::logs
