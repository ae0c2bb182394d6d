// Collects what is wrong, and remembers where each key stands for the checks that come after reading.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "config/model.hpp"

namespace steady::config {

class Report {
 public:
  void add(const Position& position, const std::string& key, std::string message) {
    diagnostics_.push_back({position, key, std::move(message)});
  }

  /// Key paths are unique within a file, not across a file and its drop-ins.
  void remember(const std::string& key, const Position& position) { places_[{position.file, key}] = position; }

  /// Where `key` stands in `otherwise.file`, or `otherwise` when the key was left out there.
  [[nodiscard]] const Position& place(const std::string& key, const Position& otherwise) const;

  [[nodiscard]] bool empty() const { return diagnostics_.empty(); }
  [[nodiscard]] Diagnostics take() { return std::move(diagnostics_); }

 private:
  Diagnostics diagnostics_;
  std::map<std::pair<std::string, std::string>, Position> places_;
};

}  // namespace steady::config
