// Runs a program that answers a question on its stdout, in a limited time. Loop thread only.
#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "process/process.hpp"

namespace steady::process {

/// What came of a query.
struct Outcome {
  Ended how;
  bool timed_out = false;
  std::string output;           ///< its stdout, without line ends; one that never ends is killed
  std::string last_error_line;  ///< of its stderr; may be empty
};

/// One query under way; destroying it kills the process.
class Query {
 public:
  /// Called once, when the process is gone. May destroy the Query.
  using Done = std::function<void(Outcome)>;

  /// `request`: written to the control socket of the program, descriptor 3, when it is not empty.
  [[nodiscard]] static Result<std::unique_ptr<Query>> start(uv_loop_t* loop, const Spawn& spawn, std::string request,
                                                            std::chrono::milliseconds limit, Done done);

 private:
  explicit Query(Done done) : done_(std::move(done)) {}

  Done done_;
  std::unique_ptr<Process> process_;
  UvHandle<uv_timer_t> timer_;
  Outcome outcome_;
};

}  // namespace steady::process
