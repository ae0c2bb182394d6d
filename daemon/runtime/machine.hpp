// Reads what this machine, its kernel and our own limits allow a worker. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "topology/machine.hpp"

namespace steady::runtime {

/// `runtime_directory`: where channels will be; empty: not known yet.
[[nodiscard]] topology::Machine read_machine(const std::string& runtime_directory);

/// The capabilities that a program has which is executed by the process whose /proc/PID/status this is. Pure.
[[nodiscard]] std::uint64_t capabilities_after_exec(std::string_view status);

}  // namespace steady::runtime
