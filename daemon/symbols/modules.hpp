// The programs and libraries that frames lie in, opened with libdwfl at the addresses where they were mapped.
#pragma once

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "symbols/maps.hpp"
#include "symbols/protocol.hpp"

namespace steady::symbols {

class Modules {
 public:
  /// Opens the module of each frame. One that cannot be opened, or that is no ELF file, is left out.
  explicit Modules(const Request& request);

  /// The module that holds `address`, or nullptr.
  [[nodiscard]] Dwfl_Module* at(std::uint64_t address) const;
  [[nodiscard]] const CodeRange* range_at(std::uint64_t address) const { return find_range(ranges_, address); }

 private:
  struct End {
    void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
  };
  void report(const CodeRange& range, const std::vector<ModuleFile>& files);

  std::vector<CodeRange> ranges_;
  std::unique_ptr<Dwfl, End> dwfl_;
  std::set<std::pair<std::string, std::uint64_t>> reported_;  // path and load bias: code may be mapped in several parts
};

}  // namespace steady::symbols
