// Which keys each map of the file knows. The one table behind the checks, the schema's test and the reference.
#pragma once

#include <string>
#include <vector>

namespace steady::config {

struct Section {
  std::string name;               ///< as in the schema's $defs
  std::vector<std::string> keys;  ///< in the order of the reference
};

namespace sections {
extern const Section kTop;
extern const Section kDropIn;
extern const Section kTelemetry;
extern const Section kLog;
extern const Section kActor;
extern const Section kSched;
extern const Section kInput;
extern const Section kChannel;
extern const Section kPath;
extern const Section kTrigger;
extern const Section kSupervisor;
extern const Section kBackoff;
extern const Section kChild;
}  // namespace sections

/// Every section that the schema describes.
[[nodiscard]] std::vector<Section> schema_sections();

/// Part of the contract, but not of this version: refused with a message that says so.
[[nodiscard]] bool is_for_later(const std::string& key);

}  // namespace steady::config
