#include "config/report.hpp"

namespace steady::config {

const Position& Report::place(const std::string& key, const Position& otherwise) const {
  const auto found = places_.find({otherwise.file, key});
  return found == places_.end() ? otherwise : found->second;
}

}  // namespace steady::config
