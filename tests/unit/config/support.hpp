// The vocabulary of the configuration's tests.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "config/load.hpp"

namespace steady::config {

/// What is wrong with `yaml`, as the user reads it, in a file called "f".
inline std::string problems(const std::string& yaml, const Environment& environment = {}) {
  return print(load("f", yaml, environment).diagnostics);
}

/// The graph of `yaml`, which must be right.
inline Graph graph_of(const std::string& yaml, const Environment& environment = {}) {
  Loaded loaded = load("f", yaml, environment);
  REQUIRE_MESSAGE(loaded.diagnostics.empty(), print(loaded.diagnostics));
  return std::move(loaded.graph);
}

inline std::filesystem::path fixtures() {
  return std::filesystem::path(STEADY_FIXTURES) / "config";
}

}  // namespace steady::config
