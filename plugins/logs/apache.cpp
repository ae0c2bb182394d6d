#include "logs/formats.hpp"
#include "logs/scanner.hpp"

namespace steady::logs {
namespace {

/// "[Sun Dec 04 04:47:44.123456 2005] "
bool scan_time(Scanner& scanner, Record& record) {
  LogTime time;
  if (!scanner.skip('[') || !scanner.until(" ") || !scanner.skip(' ')) return false;
  const auto month = scanner.month();
  if (!month || !scanner.skip(' ')) return false;
  const auto day = scanner.number(2, 2, 31);
  if (!day || *day == 0 || !scanner.skip(' ')) return false;
  time.month = *month;
  time.day = *day;
  if (!scan_clock(scanner, time)) return false;
  const auto microsecond = scan_fraction(scanner);
  if (!microsecond || !scanner.skip(' ')) return false;
  const auto year = scanner.number(4, 4, 9999);
  if (!year || !scanner.skip("] ")) return false;
  time.year = *year;
  record.time = written(time);
  record.microsecond = *microsecond;
  return true;
}

/// "[error] " or "[core:error] "; the levels trace1 to trace8 are debug.
bool scan_level(Scanner& scanner, Record& record) {
  if (!scanner.skip('[')) return false;
  const auto inside = scanner.until("]");
  if (!inside || !scanner.skip(']')) return false;
  scanner.skip(' ');
  const auto colon = inside->find(':');
  auto level = *inside;
  if (colon != std::string_view::npos) {
    record.program = inside->substr(0, colon);
    level = inside->substr(colon + 1);
  }
  if (level.starts_with("trace")) level = "debug";
  if (level_index(level) == kLevels.size()) return false;
  record.level = level;
  return true;
}

/// "[pid 1:tid 2] " or "[pid 1] ", if it is there.
void scan_process(Scanner& scanner, Record& record) {
  Scanner ahead = scanner;
  if (!ahead.skip("[pid ")) return;
  const auto pid = ahead.number(1, 9, 999'999'999);
  if (!pid) return;
  if (!ahead.next_is(']') && !ahead.until("]")) return;
  ahead.skip(']');
  ahead.skip(' ');
  record.pid = *pid;
  scanner = ahead;
}

}  // namespace

std::optional<Record> parse_apache(std::string_view line) {
  Record record{};
  Scanner scanner(line);
  if (!scan_time(scanner, record) || !scan_level(scanner, record)) return std::nullopt;
  scan_process(scanner, record);
  record.text = scanner.rest();
  record.text_length = static_cast<std::uint32_t>(scanner.rest().size());
  return record;
}

}  // namespace steady::logs
