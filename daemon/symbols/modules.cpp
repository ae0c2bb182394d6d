#include "symbols/modules.hpp"

#include <fcntl.h>
#include <gelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "base/unique_fd.hpp"

namespace steady::symbols {
namespace {

constexpr std::uint64_t kPageMask = 4095;

Dwfl_Callbacks callbacks() {
  Dwfl_Callbacks made{};
  made.find_elf = dwfl_build_id_find_elf;  // never asked: modules are reported with their files
  made.find_debuginfo = dwfl_standard_find_debuginfo;
  made.section_address = dwfl_offline_section_address;
  return made;
}

/// The file behind a name of maps. A name that is no path, or whose file is gone, opens nothing: what lies there now
/// would be another file, and wrong lines are worse than none.
UniqueFd open_module(const std::string& path, const std::vector<ModuleFile>& files) {
  for (const ModuleFile& file : files)
    if (file.name == path) return UniqueFd(::fcntl(file.fd, F_DUPFD_CLOEXEC, 3));
  if (!path.starts_with('/') || path.ends_with(" (deleted)")) return {};
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return fd;
}

/// What to add to the file's own addresses: from the segment of code that was mapped at the range.
std::optional<std::uint64_t> load_bias(int fd, const CodeRange& range) {
  const std::unique_ptr<Elf, decltype(&elf_end)> elf(elf_begin(fd, ELF_C_READ, nullptr), elf_end);
  std::size_t count = 0;
  if (!elf || elf_getphdrnum(elf.get(), &count) != 0) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf.get(), static_cast<int>(i), &header) == nullptr) return std::nullopt;
    const bool code = header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0;
    const bool mapped = range.file_offset >= (header.p_offset & ~kPageMask) &&
                        range.file_offset < header.p_offset + header.p_filesz;
    if (code && mapped) return range.begin - range.file_offset + header.p_offset - header.p_vaddr;
  }
  return std::nullopt;
}

}  // namespace

Modules::Modules(const Request& request) : ranges_(parse_maps(request.maps)) {
  static const Dwfl_Callbacks kCallbacks = callbacks();
  elf_version(EV_CURRENT);
  dwfl_.reset(dwfl_begin(&kCallbacks));
  if (!dwfl_) return;
  dwfl_report_begin(dwfl_.get());
  for (std::size_t i = 0; i < request.frames.size(); ++i) {
    const CodeRange* const range = range_at(place_of_call(request.frames[i], i));
    if (range != nullptr) report(*range, request.files);
  }
  dwfl_report_end(dwfl_.get(), nullptr, nullptr);
}

void Modules::report(const CodeRange& range, const std::vector<ModuleFile>& files) {
  UniqueFd fd = open_module(range.path, files);
  if (!fd) return;
  const auto bias = load_bias(fd.get(), range);
  if (!bias || !reported_.insert({range.path, *bias}).second) return;
  const std::string name = module_name(range.path);
  // On success the descriptor is libdwfl's.
  if (dwfl_report_elf(dwfl_.get(), name.c_str(), range.path.c_str(), fd.get(), *bias, true) != nullptr)
    static_cast<void>(fd.release());
}

Dwfl_Module* Modules::at(std::uint64_t address) const {
  return dwfl_ ? dwfl_addrmodule(dwfl_.get(), address) : nullptr;
}

}  // namespace steady::symbols
