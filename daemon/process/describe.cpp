#include "process/describe.hpp"

#include <utility>

#include "base/units.hpp"

namespace steady::process {
namespace {

Result<std::string> read(Outcome outcome, std::chrono::milliseconds limit) {
  const std::string& words = outcome.last_error_line;
  if (outcome.timed_out)
    return fail(ErrorCode::Timeout, "did not say what it offers within " + format_duration(limit) +
                                        ": a constructor of it does not return");
  if (outcome.how.clean()) return std::move(outcome.output);
  if (outcome.how.signal != 0)
    return fail(ErrorCode::Invalid, "crashed while it was asked what it offers: " + outcome.how.text() +
                                        (words.empty() ? "" : "; its last words: " + words));
  return fail(ErrorCode::Invalid, words.empty() ? outcome.how.text() : words);
}

}  // namespace

Result<std::unique_ptr<Query>> describe(uv_loop_t* loop, const std::string& worker_path, int plugin_fd,
                                        std::chrono::milliseconds limit, Described done) {
  Spawn spawn;
  spawn.command = {worker_path, "--describe", "/proc/self/fd/" + std::to_string(kFirstInheritedFd)};
  spawn.inherit = {plugin_fd};
  return Query::start(loop, spawn, "", limit, [limit, done = std::move(done)](Outcome outcome) {
    done(read(std::move(outcome), limit));
  });
}

}  // namespace steady::process
