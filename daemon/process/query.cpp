#include "process/query.hpp"

#include <signal.h>

#include <utility>

namespace steady::process {
namespace {

/// Far above any honest answer. Who says more never stops, and would fill our memory until the limit.
constexpr std::size_t kAnswerBytesMax = 16 * 1024 * 1024;

}  // namespace

Result<std::unique_ptr<Query>> Query::start(uv_loop_t* loop, const Spawn& spawn, std::string request,
                                            std::chrono::milliseconds limit, Done done) {
  std::unique_ptr<Query> made(new Query(std::move(done)));
  Query* const self = made.get();
  Process::Handlers handlers;
  handlers.on_line = [self](Stream stream, std::string_view line) {
    std::string& output = self->outcome_.output;
    if (stream == Stream::Output) output.append(line, 0, kAnswerBytesMax - output.size());
    if (output.size() == kAnswerBytesMax) self->process_->kill(SIGKILL);
    if (stream == Stream::Error && !line.empty()) self->outcome_.last_error_line = line;
  };
  handlers.on_end = [self](Ended how) {
    self->timer_.reset();
    self->outcome_.how = how;
    const auto answer = std::move(self->done_);
    answer(std::move(self->outcome_));
  };
  auto process = Process::spawn(loop, spawn, std::move(handlers));
  if (!process) return tl::unexpected(std::move(process.error()));
  self->process_ = std::move(*process);
  if (!request.empty()) self->process_->send(std::move(request));
  self->timer_ = UvHandle<uv_timer_t>::create(self);
  uv_timer_init(loop, self->timer_.get());
  uv_timer_start(
      self->timer_.get(),
      [](uv_timer_t* timer) {
        auto* const late = static_cast<Query*>(timer->data);
        late->outcome_.timed_out = true;
        late->process_->kill(SIGKILL);
      },
      static_cast<std::uint64_t>(limit.count()), 0);
  return made;
}

}  // namespace steady::process
