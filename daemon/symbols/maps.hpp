// The lines of /proc/PID/maps that hold code. Values; no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace steady::symbols {

/// A part of a file that was mapped.
struct CodeRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;          ///< first address behind it
  std::uint64_t file_offset = 0;  ///< of `begin`
  std::string file_identity;      ///< device and inode: another file of the same name has others
  std::string path;               ///< as the kernel says it: "/usr/bin/x", "/memfd:x.so (deleted)", "[vdso]", or empty
};

/// Lines that make no sense are left out.
[[nodiscard]] std::vector<CodeRange> parse_maps(std::string_view text);

/// The range that holds `address`, or nullptr.
[[nodiscard]] const CodeRange* find_range(const std::vector<CodeRange>& ranges, std::uint64_t address);

/// The file's name for people: without its directory, and without what the kernel adds to one that has no name.
[[nodiscard]] std::string module_name(std::string_view path);

/// What to look up for the frame at `index`: a return address is that of the next instruction, which may belong to the
/// next line, or to another function if the call does not return.
[[nodiscard]] inline std::uint64_t place_of_call(std::uint64_t address, std::size_t index) {
  return index == 0 || address == 0 ? address : address - 1;
}

}  // namespace steady::symbols
