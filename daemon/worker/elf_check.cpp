#include "worker/elf_check.hpp"

#include <elf.h>
#include <steady/abi.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace steady::worker {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
#else
#error "tell elf_check.cpp which ELF machine this is"
#endif

constexpr char kStampSection[] = ".steady.abi";  // STEADY_STAMP makes it

/// Copies `count` things from `offset` on out of the file; empty unless all of them are there.
template <class Thing>
std::vector<Thing> read_table(int fd, std::uint64_t offset, std::size_t count) {
  std::vector<Thing> things(count);
  const auto bytes = static_cast<ssize_t>(count * sizeof(Thing));
  if (::pread(fd, things.data(), count * sizeof(Thing), static_cast<off_t>(offset)) != bytes) things.clear();
  return things;
}

Status check_header(const std::vector<Elf64_Ehdr>& found) {
  if (found.empty() || std::memcmp(found[0].e_ident, ELFMAG, SELFMAG) != 0)
    return fail(ErrorCode::Invalid, "is no ELF file");
  const Elf64_Ehdr& header = found[0];
  if (header.e_machine != kMachine || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB)  // else its numbers mean something else
    return fail(ErrorCode::Invalid,
                "is built for another machine (ELF machine " + std::to_string(header.e_machine) + ")");
  if (header.e_type != ET_DYN) return fail(ErrorCode::Invalid, "is no shared library");
  return {};
}

/// Every byte that dlopen would map must be in the file.
Status check_segments(int fd, const Elf64_Ehdr& header, std::uint64_t file_bytes) {
  const auto segments = read_table<Elf64_Phdr>(fd, header.e_phoff, header.e_phnum);
  if (segments.empty() || header.e_phentsize != sizeof(Elf64_Phdr))
    return fail(ErrorCode::Invalid, "is truncated: no program headers");
  for (const Elf64_Phdr& segment : segments)
    if (segment.p_offset > file_bytes || segment.p_filesz > file_bytes - segment.p_offset)
      return fail(ErrorCode::Invalid, "is truncated: it has " + std::to_string(file_bytes) + " bytes and needs " +
                                          std::to_string(segment.p_offset + segment.p_filesz));
  return {};
}

/// Whether the section's name, at `offset` in the file, is that of the stamp.
bool is_stamp_name(int fd, std::uint64_t offset) {
  char name[sizeof kStampSection] = {};
  return ::pread(fd, name, sizeof name, static_cast<off_t>(offset)) == static_cast<ssize_t>(sizeof name) &&
         std::memcmp(name, kStampSection, sizeof name) == 0;
}

/// Where the stamp lies in the file; 0 when there is none.
std::uint64_t find_stamp(int fd, const Elf64_Ehdr& header) {
  const auto sections = read_table<Elf64_Shdr>(fd, header.e_shoff, header.e_shnum);
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shstrndx >= sections.size()) return 0;
  const std::uint64_t names = sections[header.e_shstrndx].sh_offset;
  const auto found = std::ranges::find_if(sections, [&](const Elf64_Shdr& section) {
    return section.sh_size >= sizeof(steady_stamp) && is_stamp_name(fd, names + section.sh_name);
  });
  return found == sections.end() ? 0 : found->sh_offset;
}

Status check_stamp(int fd, const Elf64_Ehdr& header) {
  const std::uint64_t offset = find_stamp(fd, header);
  const auto stamp = read_table<steady_stamp>(fd, offset, offset != 0 ? 1 : 0);
  if (stamp.empty() || std::memcmp(stamp[0].magic, "steadyd", sizeof stamp[0].magic) != 0)
    return fail(ErrorCode::Invalid, "has no entry point for steadyd: STEADY_PLUGIN is missing from its sources");
  if (stamp[0].abi_version != STEADY_ABI_VERSION)
    return fail(ErrorCode::Incompatible, "is built for plugin ABI version " + std::to_string(stamp[0].abi_version) +
                                             ", this steadyd has version " + std::to_string(STEADY_ABI_VERSION) +
                                             ": build it again");
  return {};
}

}  // namespace

Status check_plugin_file(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("fstat");
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::Invalid, "is a directory");
  if (status.st_size == 0) return fail(ErrorCode::Invalid, "is empty");
  const auto headers = read_table<Elf64_Ehdr>(fd, 0, 1);
  if (auto sound = check_header(headers); !sound) return sound;
  const auto file_bytes = static_cast<std::uint64_t>(status.st_size);
  if (auto whole = check_segments(fd, headers[0], file_bytes); !whole) return whole;
  return check_stamp(fd, headers[0]);
}

}  // namespace steady::worker
