// What a plugin's description may be: any bytes, since foreign code printed it.
#include "topology/description.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto description = steady::topology::parse_description(steady::fuzz::text_of(data, size));
  if (!description) steady::fuzz::require(!description.error().message.empty(), "an error says something");
  return 0;
}
