// Has the stacks of dead workers turned into functions and lines, by a steadyd-symbols per stack: what it reads comes
// with foreign plugins. One runs at a time, few wait, and a stack that was seen before is answered from memory, so that
// a worker that crashes in a loop costs one process. Loop thread only.
#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "ipc/crash_page.hpp"
#include "process/query.hpp"
#include "records/incident.hpp"
#include "symbols/protocol.hpp"

namespace steady::runtime {

using symbols::ModuleFile;

class Symbolizer {
 public:
  /// Gets the frames, innermost first. If steadyd-symbols fails, takes longer than the limit, or too many wait, only
  /// addresses and modules are known. May ask again; must not destroy the Symbolizer.
  using Done = std::function<void(std::vector<records::StackFrame>)>;

  Symbolizer(uv_loop_t* loop, std::string executable, std::chrono::milliseconds limit = std::chrono::seconds(10))
      : loop_(loop), executable_(std::move(executable)), limit_(limit) {}

  /// `files`: the modules that have no path, by their name in the report's maps; the descriptors are needed only during
  /// the call. `done` is called once, perhaps before ask() returns, and not at all if the Symbolizer is destroyed
  /// first.
  void ask(const ipc::CrashReport& report, const std::vector<ModuleFile>& files, Done done);

  /// For tests: processes started so far.
  [[nodiscard]] std::size_t started_count() const { return started_count_; }

 private:
  struct Job {
    std::string key;
    symbols::Request request;
    std::vector<UniqueFd> owned;              ///< what request.files name, in their order
    std::vector<records::StackFrame> plain;   ///< the answer if there is no better one
    Done done;
  };
  /// An answer, for any process that has the same code elsewhere.
  struct Known {
    std::string key;
    std::vector<records::StackFrame> frames;
    std::vector<std::size_t> sources;  ///< for each frame, its index among the frames that were asked for
  };

  [[nodiscard]] const Known* find_known(const std::string& key) const;
  void remember(Known known);
  void start_next();
  [[nodiscard]] Status start(Job& job);
  void ended(const process::Outcome& outcome);
  [[nodiscard]] Result<std::vector<records::StackFrame>> read_answer(const process::Outcome& outcome) const;

  uv_loop_t* loop_;
  std::string executable_;
  std::chrono::milliseconds limit_;
  std::deque<Known> known_;  ///< newest first
  std::deque<Job> jobs_;     ///< the first one is under way while query_ is there
  std::unique_ptr<process::Query> query_;
  std::size_t started_count_ = 0;
};

}  // namespace steady::runtime
