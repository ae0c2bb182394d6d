#include "logs/parse.hpp"

#include <algorithm>
#include <stdexcept>

#include "logs/formats.hpp"

namespace steady::logs {

Parse::Parse() {
  run_when(lines_.has(1) && records_.has_room(1) && rejects_.has_room(1));
}

void Parse::start() {
  if (*format_ != "auto" && *format_ != "syslog" && *format_ != "apache")
    throw std::invalid_argument("parameter format: expected auto, syslog or apache, found '" + *format_ + "'");
}

void Parse::step() {
  while (records_.vacant() > 0) {
    const auto line = lines_.front();
    if (!line) break;
    const auto record = parse(*line);
    if (record)
      records_.put(*record);
    else if (!reject(*line))
      return;
    lines_.pop();
  }
  run_when(lines_.has(1) && records_.has_room(1) && rejects_.has_room(1));
}

std::optional<Record> Parse::parse(std::string_view line) const {
  const bool apache = *format_ == "apache" || (*format_ == "auto" && line.starts_with('['));
  return apache ? parse_apache(line) : parse_syslog(line);
}

/// False when there is no room now: the next step then waits for it. A line that can never fit is cut.
bool Parse::reject(std::string_view line) {
  const auto kept = line.substr(0, rejects_.longest());
  if (!rejects_.put(kept)) {
    run_when(lines_.has(1) && records_.has_room(1) && rejects_.has_room(kept.size()));
    return false;
  }
  rejected_.add();
  return true;
}

}  // namespace steady::logs
