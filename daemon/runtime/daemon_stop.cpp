// Time and the end: frames, drain, stop.
#include <signal.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/units.hpp"
#include "process/usage.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"
#include "runtime/notify.hpp"

namespace steady::runtime {

using std::chrono::nanoseconds;
using supervision::ChildId;

/// The memory of workers whose actors sleep is looked at only once in so many rounds: nobody but threads of the
/// plugin's own can change it.
constexpr std::uint64_t kRoundsAsleep = 10;

void Daemon::frame() {
  sampler_.tick({plan_, *tree_, facts_, monotonic_now()});
  notify_alive();
  if (frames_++ % 10 == 0) look_at_processes();
  put_for_dormant();
  hold_targets();
  look_at_triggers();
  feed_streams();
  if (phase_ == Phase::Draining) end_drain_when_done();
  if (told_ready_) return;
  for (ChildId child = 0; child < tree_->child_count(); ++child) {
    const auto state = tree_->child(child).state;
    if (state == supervision::State::Starting || state == supervision::State::Stopped) return;
  }
  told_ready_ = true;  // every actor has been started once, or is known to be unable to
  notify_ready();
  notify_status("Serving " + std::to_string(plan_.actors.size()) + " actors");
}

void Daemon::look_at_processes() {
  const std::uint64_t round = frames_ / 10;
  for (ChildId child = 0; child < facts_.size(); ++child) {
    const std::uint64_t turns = sampler_.turns(plan_, child);
    if (turns == facts_[child].turns && (child + round) % kRoundsAsleep != 0) continue;
    facts_[child].turns = turns;
    look_at_process(facts_[child]);
  }
}

void Daemon::look_at_process(WorkerFacts& facts) {
  const auto bytes = facts.pid == 0 ? std::nullopt : process::resident_bytes_of(facts.pid);
  if (bytes) facts.memory_bytes = *bytes;
}

void Daemon::begin_drain(const std::string& why, nanoseconds limit, bool then_stop) {
  log::info(then_stop ? "Stopping: sources end, the rest runs empty" : "Draining: sources end, the rest runs empty",
            {{"why", why}, {"limit", format_duration(limit)}});
  if (then_stop) notify_stopping();
  phase_ = Phase::Draining;
  stop_after_drain_ = then_stop;
  drain_until_ = monotonic_now() + limit;
  for (Worker& worker : workers_)
    if (worker.process) worker.process->send(ipc::print(ipc::Command{ipc::Command::Kind::Drain}));
  tend_spares();
  end_drain_when_done();
}

DrainView Daemon::drain_view() const {
  DrainView view;
  for (ChildId child = 0; child < workers_.size(); ++child) {
    const ipc::ActorObserver::Calls calls = sampler_.calls(actor_in_call(child));
    view.names.push_back(plan_.workers[child].name);
    view.at_rest.push_back(supervision::at_rest(tree_->child(child).state));
    view.in_call.push_back(calls.begun != calls.returned);
  }
  sampler_.describe_channels(plan_, view);
  return view;
}

void Daemon::end_drain_when_done() {
  const DrainView view = drain_view();
  const bool done = drained_as_far_as_possible(view);
  if (!done && monotonic_now() < drain_until_) return;
  stragglers_ = who_would_not_finish(view);
  if (!done) log::warn("The drain took too long");
  for (const std::string& line : stragglers_) log::warn("Not finished: " + line);
  if (stop_after_drain_) {
    phase_ = Phase::Stopping;
    return perform(tree_->stop_all(monotonic_now()));
  }
  drain_report_ = report_stop(snapshot(Sampler::With::NoStatistics), stragglers_);
  phase_ = Phase::Running;
  log::info(drain_report_.drained ? "Drained: every channel is empty, every actor has finished"
                                  : "Drained as far as possible; what is left stays on its channels");
}

/// The operator is done waiting.
void Daemon::stop_now(const std::string& why) {
  log::warn("Stopping at once", {{"why", why}});
  phase_ = Phase::Stopping;
  for (Worker& worker : workers_)
    if (worker.process) worker.process->kill(SIGKILL);
  perform(tree_->stop_all(monotonic_now()));
}

/// Not at once: what led here may be a control connection, which still has its answer to write.
void Daemon::close_up_soon(const supervision::Shutdown& shutdown) {
  shutdown_ = shutdown;
  phase_ = Phase::Stopping;
  uv_timer_start(
      frame_timer_.get(),
      [](uv_timer_t* timer) {
        auto* const self = static_cast<Daemon*>(timer->data);
        self->close_up(self->shutdown_);
      },
      0, 0);
}

void Daemon::close_up(const supervision::Shutdown& shutdown) {
  letters_->settle(plan_);
  const StopReport report = report_stop(snapshot(Sampler::With::NoStatistics), stragglers_);
  if (!wants_upgrade())
    for (const std::string& line : report.lines) log::warn("Left at the stop: " + line);
  if (report.drained && !wants_upgrade()) wiring_.remove_drained(plan_);
  log::info(wants_upgrade() ? "steadyd goes on as another binary"
            : report.drained ? "steadyd has stopped; nothing is left over"
                           : "steadyd has stopped; what is left waits for the next start",
            {{"why", shutdown.why}});
  phase_ = Phase::Over;
  exit_code_ = shutdown.exit_code;
  http_.reset();
  control_.reset();
  tree_timer_.reset();
  frame_timer_.reset();
  pulse_timer_.reset();
  spare_timer_.reset();
  question_.reset();
  symbolizer_.reset();
  otlp_push_.reset();
  hooks_.reset();
  signals_.clear();  // the loop ends when the last handle is closed
}

}  // namespace steady::runtime
