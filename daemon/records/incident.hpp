// The record of one death of a worker: what an operator wants to know of it. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace steady::records {

/// One call, innermost first. What is not known is empty or 0.
struct StackFrame {
  std::uint64_t address = 0;
  std::string function;  ///< demangled
  std::string file;
  unsigned line = 0;
  std::string module;  ///< the library or program, as a file name without its directory
};

/// Where one end of a channel stood.
struct PortPosition {
  std::string port;
  bool input = false;
  std::string channel;
  std::uint64_t sequence = 0;  ///< input: number of the next message to take; output: of the next to put
  std::uint64_t waiting = 0;   ///< messages in the channel that this input has not taken; of an output: its slowest reader
  std::string head;            ///< input: the next message, printed by its description; may be empty
};

struct Incident {
  std::int64_t id = 0;          ///< given by the store; grows
  std::int64_t at_unix_ns = 0;
  std::string actor;            ///< who died; of a shared worker: whose thread did, or the first of them
  std::string worker;
  std::uint64_t generation = 0;
  std::string cause;            ///< crash, abort, exception, out_of_memory, watchdog, operator, exit, killed, start_failed
  std::string how;              ///< "killed by signal 11 (Segmentation fault)", or the exception's text
  std::optional<std::uint64_t> fault_address;
  std::vector<StackFrame> backtrace;
  std::vector<std::string> stderr_tail;  ///< oldest first
  std::vector<PortPosition> ports;
  std::string suspect;          ///< what is known of the message that was being worked on; may be empty
  std::string decision;         ///< what the supervisor did, and why
};

}  // namespace steady::records
