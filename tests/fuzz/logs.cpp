// Log lines from anywhere: any bytes are a record or none, and its texts are as long as they say.
#include "fuzz.hpp"
#include "logs/formats.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace steady;
  const std::string_view line = fuzz::text_of(data, size);
  for (const auto parse : {logs::parse_syslog, logs::parse_apache})
    if (const auto record = parse(line)) {
      fuzz::require(record->text_length <= size, "a text is part of its line");
      fuzz::require(record->microsecond < 1'000'000, "a fraction is less than a second");
      fuzz::require(logs::level_index(record->level.view()) < logs::kLevels.size(), "a record has a level");
    }
  return 0;
}
