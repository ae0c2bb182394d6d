#include "process/describe.hpp"

#include <signal.h>

#include <utility>

#include "base/units.hpp"

namespace steady::process {

Result<std::unique_ptr<Describe>> Describe::start(uv_loop_t* loop, const std::string& worker_path, int plugin_fd,
                                                  std::chrono::milliseconds limit, Done done) {
  std::unique_ptr<Describe> made(new Describe(std::move(done)));
  Describe* const self = made.get();
  self->limit_ = limit;
  Spawn spawn;
  spawn.command = {worker_path, "--describe", "/proc/self/fd/" + std::to_string(kFirstInheritedFd)};
  spawn.inherit = {plugin_fd};
  Process::Handlers handlers;
  handlers.on_line = [self](Stream stream, std::string_view line) {
    if (stream == Stream::Output) self->output_.append(line);
    if (stream == Stream::Error && !line.empty()) self->last_error_line_ = line;
  };
  handlers.on_end = [self](Ended how) { self->ended(how); };
  auto process = Process::spawn(loop, spawn, std::move(handlers));
  if (!process) return tl::unexpected(std::move(process.error()));
  self->process_ = std::move(*process);
  self->timer_ = UvHandle<uv_timer_t>::create(self);
  uv_timer_init(loop, self->timer_.get());
  uv_timer_start(
      self->timer_.get(),
      [](uv_timer_t* timer) {
        auto* const late = static_cast<Describe*>(timer->data);
        late->timed_out_ = true;
        late->process_->kill(SIGKILL);
      },
      static_cast<std::uint64_t>(limit.count()), 0);
  return made;
}

void Describe::ended(Ended how) {
  timer_.reset();
  const auto done = std::move(done_);
  if (timed_out_) {
    done(fail(ErrorCode::Timeout, "did not say what it offers within " + format_duration(limit_) +
                                      ": a constructor of it does not return"));
  } else if (how.clean()) {
    done(std::move(output_));
  } else if (how.signal != 0) {
    done(fail(ErrorCode::Invalid, "crashed while it was asked what it offers: " + how.text() +
                                      (last_error_line_.empty() ? "" : "; its last words: " + last_error_line_)));
  } else {
    done(fail(ErrorCode::Invalid, last_error_line_.empty() ? how.text() : last_error_line_));
  }
}

}  // namespace steady::process
