#include "runtime/relay.hpp"

#include <cstdio>

#include "base/log.hpp"

namespace steady::runtime {

void relay_line(std::string_view level, std::string_view line, const std::string& actor, std::uint64_t generation) {
  std::string shown;
  shown.reserve(line.size());
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7f) {
      shown += c;
    } else if (c == '\t') {
      shown += ' ';
    } else if (c != '\r') {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", byte);
      shown += escape;
    }
  }
  log::write(log::parse_level(level).value_or(log::Level::Info), shown,
             {{"actor", actor}, {"generation", generation}});
}

}  // namespace steady::runtime
