// Asks a plugin what it offers, in a process of its own: its constructors may crash, print, or never return.
#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "process/process.hpp"

namespace steady::process {

/// One description under way. Loop thread only; destroying it kills the process.
class Describe {
 public:
  /// Gets the JSON that `steadyd-worker --describe` printed, or why there is none: the plugin's own words, the signal
  /// that ended it, or that it took longer than `limit`. May destroy the Describe.
  using Done = std::function<void(Result<std::string>)>;

  [[nodiscard]] static Result<std::unique_ptr<Describe>> start(uv_loop_t* loop, const std::string& worker_path,
                                                               int plugin_fd, std::chrono::milliseconds limit,
                                                               Done done);

 private:
  explicit Describe(Done done) : done_(std::move(done)) {}
  void ended(Ended how);

  Done done_;
  std::unique_ptr<Process> process_;
  UvHandle<uv_timer_t> timer_;
  std::chrono::milliseconds limit_{};
  std::string output_;
  std::string last_error_line_;
  bool timed_out_ = false;
};

}  // namespace steady::process
