// Durations and sizes: what is accepted can be printed and read back.
#include "base/units.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace steady;
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto duration = parse_duration(text)) {
    fuzz::require(duration->count() >= 0, "a duration is not negative");
    const auto again = parse_duration(format_duration(*duration));
    fuzz::require(again && *again == *duration, "a duration survives being printed");
  }
  if (const auto count = parse_size(text)) {
    const auto again = parse_size(format_size(*count));
    fuzz::require(again && *again == *count, "a size survives being printed");
  }
  return 0;
}
