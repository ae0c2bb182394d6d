// What a worker writes, as lines of steadyd's log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace steady::runtime {

/// One line of a worker's stdout, stderr, or of an actor's own log, whole, with who wrote it. Control characters are
/// shown, not obeyed: a plugin cannot repaint the operator's terminal.
void relay_line(std::string_view level, std::string_view line, const std::string& actor, std::uint64_t generation);

}  // namespace steady::runtime
