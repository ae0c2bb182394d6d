// What steadyd asks steadyd-symbols, and what it answers: one JSON object per line, one line each way.
//
//   {"frames": [94029, "0x55d0c0de"], "maps": "LINES", "files": [{"name": "/memfd:demo.so (deleted)", "fd": 4}]}
//   {"frames": [{"address": 94029, "function": "f(int)", "file": "/src/f.cpp", "line": 7, "module": "demo.so"}, ...]}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "records/incident.hpp"

namespace steady::symbols {

/// A file that cannot be opened by its name, as plugins in sealed memory.
struct ModuleFile {
  std::string name;  ///< as it stands in maps
  int fd = -1;
};

struct Request {
  std::vector<std::uint64_t> frames;  ///< innermost first; all but the first are return addresses
  std::string maps;                   ///< lines of /proc/PID/maps; those without code may be missing
  std::vector<ModuleFile> files;
};

/// One line, with its newline.
[[nodiscard]] std::string print(const Request& request);
/// Errors: Invalid, in the words of the JSON library.
[[nodiscard]] Result<Request> parse_request(std::string_view line);

/// One line, with its newline. Text that is not UTF-8 is replaced.
[[nodiscard]] std::string print(const std::vector<records::StackFrame>& frames);
/// Errors: Invalid.
[[nodiscard]] Result<std::vector<records::StackFrame>> parse_answer(std::string_view line);

}  // namespace steady::symbols
