// The configuration: any text is a graph or a list of diagnostics, each with a place in the text.
#include "config/load.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(steady::fuzz::text_of(data, size));
  const steady::config::Loaded loaded = steady::config::load("fuzz.yaml", text, {{"HOME", "/root"}, {"EMPTY", ""}});
  for (const auto& diagnostic : loaded.diagnostics)
    steady::fuzz::require(!diagnostic.text().empty(), "a diagnostic says something");
  return 0;
}
