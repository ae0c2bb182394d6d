#include "worker/elf_check.hpp"

#include <gelf.h>
#include <steady/abi.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace steady::worker {
namespace {

using ElfHandle = std::unique_ptr<Elf, decltype(&elf_end)>;

#if defined(__x86_64__)
constexpr GElf_Half kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr GElf_Half kMachine = EM_AARCH64;
#else
#error "tell elf_check.cpp which ELF machine this is"
#endif

Status check_header(Elf* elf) {
  GElf_Ehdr header;
  if (elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == nullptr)
    return fail(ErrorCode::Invalid, "is no ELF file");
  if (header.e_type != ET_DYN) return fail(ErrorCode::Invalid, "is no shared library");
  if (header.e_machine != kMachine || gelf_getclass(elf) != ELFCLASS64)
    return fail(ErrorCode::Invalid, "is built for another machine (ELF machine " + std::to_string(header.e_machine) + ")");
  return {};
}

/// Every byte that dlopen would map must be in the file.
Status check_segments(Elf* elf, std::uint64_t file_bytes) {
  std::size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0 || count == 0) return fail(ErrorCode::Invalid, "is truncated: no program headers");
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf, static_cast<int>(i), &segment) == nullptr)
      return fail(ErrorCode::Invalid, "is truncated: a program header is missing");
    if (segment.p_offset > file_bytes || segment.p_filesz > file_bytes - segment.p_offset)
      return fail(ErrorCode::Invalid, "is truncated: it has " + std::to_string(file_bytes) + " bytes and needs " +
                                          std::to_string(segment.p_offset + segment.p_filesz));
  }
  return {};
}

/// The section that STEADY_STAMP makes. False when there is none.
bool find_stamp_section(Elf* elf, GElf_Shdr& found) {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return false;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    if (gelf_getshdr(section, &found) == nullptr) continue;
    const char* const name = elf_strptr(elf, names, found.sh_name);
    if (name != nullptr && std::string_view(name) == ".steady.abi") return true;
  }
  return false;
}

Status check_stamp(Elf* elf, int fd) {
  GElf_Shdr section;
  steady_stamp stamp{};
  if (!find_stamp_section(elf, section) || section.sh_size < sizeof stamp ||
      ::pread(fd, &stamp, sizeof stamp, static_cast<off_t>(section.sh_offset)) != static_cast<ssize_t>(sizeof stamp) ||
      std::memcmp(stamp.magic, "steadyd", sizeof stamp.magic) != 0)
    return fail(ErrorCode::Invalid, "has no entry point for steadyd: STEADY_PLUGIN is missing from its sources");
  if (stamp.abi_version != STEADY_ABI_VERSION)
    return fail(ErrorCode::Incompatible, "is built for plugin ABI version " + std::to_string(stamp.abi_version) +
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
  elf_version(EV_CURRENT);
  const ElfHandle elf(elf_begin(fd, ELF_C_READ, nullptr), &elf_end);
  if (elf == nullptr) return fail(ErrorCode::Invalid, std::string("cannot be read: ") + elf_errmsg(-1));
  if (auto header = check_header(elf.get()); !header) return header;
  if (auto segments = check_segments(elf.get(), static_cast<std::uint64_t>(status.st_size)); !segments) return segments;
  return check_stamp(elf.get(), fd);
}

}  // namespace steady::worker
