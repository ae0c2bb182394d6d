// The contract between two versions of steadyd that run one after the other on the same segments. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace steady::runtime {

/// What `steadyd contract` prints: everything that must agree for a running service to go on under another binary.
struct Contract {
  std::string version;
  std::uint64_t layout = 0;  ///< of the segments
  std::uint64_t abi = 0;     ///< of plugins
};

[[nodiscard]] Contract own_contract();
[[nodiscard]] std::string print(const Contract& contract);
/// Errors: Invalid for what is no contract.
[[nodiscard]] Result<Contract> parse_contract(std::string_view text);
/// Errors: Incompatible, naming both sides.
[[nodiscard]] Status compatible(const Contract& running, const Contract& next);

}  // namespace steady::runtime
