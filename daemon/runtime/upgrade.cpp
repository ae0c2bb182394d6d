#include "runtime/upgrade.hpp"

#include <steady/abi.h>

#include <nlohmann/json.hpp>

#include "ipc/layout.hpp"

namespace steady::runtime {
namespace {

/// The library would also take a negative number, a fraction and a truth value.
std::uint64_t whole_number(const nlohmann::json& value) {
  return value.get_ref<const nlohmann::json::number_unsigned_t&>();
}

}  // namespace

Contract own_contract() { return {STEADY_VERSION, ipc::kLayoutVersion, STEADY_ABI_VERSION}; }

std::string print(const Contract& contract) {
  return nlohmann::json{{"version", contract.version}, {"layout", contract.layout}, {"abi", contract.abi}}.dump();
}

Result<Contract> parse_contract(std::string_view text) {
  const nlohmann::json object = nlohmann::json::parse(text, nullptr, false);
  try {
    return Contract{object.at("version").get<std::string>(), whole_number(object.at("layout")),
                    whole_number(object.at("abi"))};
  } catch (const nlohmann::json::exception&) {
    return fail(ErrorCode::Invalid, "does not say what it is compatible with; is it a steadyd?");
  }
}

Status compatible(const Contract& running, const Contract& next) {
  const auto differ = [&](const char* what, std::uint64_t ours, std::uint64_t theirs) {
    return fail(ErrorCode::Incompatible, "steadyd " + next.version + " has " + what + " " + std::to_string(theirs) +
                                             ", the running " + running.version + " has " + std::to_string(ours) +
                                             ": what waits in the channels would not be understood. Drain the service, "
                                             "then restart it");
  };
  if (running.layout != next.layout) return differ("segment layout", running.layout, next.layout);
  if (running.abi != next.abi) return differ("plugin contract", running.abi, next.abi);
  return {};
}

}  // namespace steady::runtime
