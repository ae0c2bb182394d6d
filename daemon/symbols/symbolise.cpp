#include "symbols/symbolise.hpp"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstdlib>
#include <memory>

#include "symbols/modules.hpp"

namespace steady::symbols {
namespace {

using records::StackFrame;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

std::string demangle(const char* name) {
  if (name == nullptr) return {};
  int status = 0;
  const std::unique_ptr<char, Free> plain(abi::__cxa_demangle(name, nullptr, nullptr, &status));
  return status == 0 && plain ? plain.get() : name;
}

/// The name of a function in the debug information, or where it was inlined.
std::string name_of(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  for (const unsigned kind : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name})
    if (dwarf_attr_integrate(die, kind, &attribute) != nullptr)
      if (const char* const name = dwarf_formstring(&attribute)) return demangle(name);
  return {};
}

/// The name in the symbol table, if the symbol really covers the address: a stripped file has few symbols, and the
/// nearest one says nothing.
std::string symbol_at(Dwfl_Module* module, std::uint64_t address) {
  GElf_Off offset = 0;
  GElf_Sym symbol{};
  const char* const name = dwfl_module_addrinfo(module, address, &offset, &symbol, nullptr, nullptr, nullptr);
  return name != nullptr && offset < symbol.st_size ? demangle(name) : std::string();
}

/// The compilation unit that holds the address. Not every compiler writes the table that knows it at once.
Dwarf_Die* unit_at(Dwfl_Module* module, std::uint64_t address, Dwarf_Addr& bias) {
  if (Dwarf_Die* const unit = dwfl_module_addrdie(module, address, &bias)) return unit;
  for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr;)
    if (dwarf_haspc(unit, address - bias) == 1) return unit;
  return nullptr;
}

/// A line of a source file.
struct Place {
  std::string file;
  unsigned line = 0;
};

Place place_at(Dwarf_Die* unit, Dwarf_Addr address) {
  Place place;
  Dwarf_Line* const line = dwarf_getsrc_die(unit, address);
  int number = 0;
  if (line == nullptr || dwarf_lineno(line, &number) != 0 || number <= 0) return place;
  if (const char* const file = dwarf_linesrc(line, nullptr, nullptr)) place.file = file;
  place.line = static_cast<unsigned>(number);
  return place;
}

/// Where the call was written that was inlined as `die`.
Place place_of_inlined_call(Dwarf_Die* unit, Dwarf_Die* die) {
  Place place;
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0;
  Dwarf_Word line = 0;
  Dwarf_Files* files = nullptr;
  std::size_t file_count = 0;
  if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &file) != 0 ||
      dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &line) != 0 ||
      dwarf_getsrcfiles(unit, &files, &file_count) != 0)
    return place;
  if (const char* const name = dwarf_filesrc(files, file, nullptr, nullptr)) place.file = name;
  place.line = static_cast<unsigned>(line);
  return place;
}

/// The functions around an address, innermost first: those that were inlined, and the one that was called.
std::vector<Dwarf_Die> functions_at(Dwarf_Die* unit, Dwarf_Addr address) {
  std::vector<Dwarf_Die> functions;
  Dwarf_Die* found = nullptr;
  if (dwarf_getscopes(unit, address, &found) <= 0) return functions;
  const std::unique_ptr<Dwarf_Die, Free> keep_found(found);
  // The scopes around an inlined call continue where it was defined; those around its entry, where it was inlined.
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes_die(found, &scopes);
  if (count <= 0) return functions;
  const std::unique_ptr<Dwarf_Die, Free> keep_scopes(scopes);
  for (int i = 0; i < count; ++i) {
    const int tag = dwarf_tag(&scopes[i]);
    if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram) functions.push_back(scopes[i]);
    if (tag == DW_TAG_subprogram) break;
  }
  return functions;
}

/// The frames of one address: the inlined calls, then the function itself.
std::vector<StackFrame> frames_at(const StackFrame& plain, Dwfl_Module* module, std::uint64_t address) {
  std::vector<StackFrame> frames{plain};
  Dwarf_Addr bias = 0;
  Dwarf_Die* const unit = unit_at(module, address, bias);
  Place place;
  if (unit != nullptr) {
    place = place_at(unit, address - bias);
    for (Dwarf_Die& function : functions_at(unit, address - bias)) {
      StackFrame& frame = frames.back();
      frame.function = name_of(&function);
      frame.file = place.file;
      frame.line = place.line;
      if (dwarf_tag(&function) == DW_TAG_subprogram) break;
      place = place_of_inlined_call(unit, &function);
      frames.push_back(plain);
    }
  }
  StackFrame& outermost = frames.back();
  outermost.file = place.file;
  outermost.line = place.line;
  // -g1 leaves parameters and namespaces out of the debug information; the symbol table has them.
  if (std::string symbol = symbol_at(module, address); !symbol.empty()) outermost.function = std::move(symbol);
  return frames;
}

}  // namespace

std::vector<StackFrame> symbolise(const Request& request) {
  const Modules modules(request);
  std::vector<StackFrame> result;
  for (std::size_t i = 0; i < request.frames.size(); ++i) {
    const std::uint64_t address = place_of_call(request.frames[i], i);
    StackFrame plain;
    plain.address = request.frames[i];
    if (const CodeRange* const range = modules.range_at(address)) plain.module = module_name(range->path);
    Dwfl_Module* const module = modules.at(address);
    const auto frames = module == nullptr ? std::vector<StackFrame>{plain} : frames_at(plain, module, address);
    result.insert(result.end(), frames.begin(), frames.end());
  }
  return result;
}

}  // namespace steady::symbols
