// Keeps a spare beside each worker with `standby: true`, and gives it away when the tree starts that worker again.
//
// A spare has a plugin loaded and its ends mapped, read-only; it writes nothing until its takeover, which is sent only
// where a new process would have been started otherwise: after the old one was reaped. It dies with steadyd and holds the
// lock of all workers, as any of them.
#include <signal.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "base/units.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"
#include "runtime/relay.hpp"

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;
using supervision::ChildId;

}  // namespace

/// After whatever may have changed what a spare is needed for, and when one is due. Never from what a spare says.
void Daemon::tend_spares() {
  std::optional<nanoseconds> due;
  for (ChildId child = 0; child < workers_.size(); ++child) {
    if (!workers_[child].spare) continue;
    if (tend_spare(child)) return arm_spare_timer(nanoseconds(0));  // one at a time: it takes the loop a millisecond
    if (const auto next = workers_[child].spare->due()) due = std::min(due.value_or(*next), *next);
  }
  if (due) arm_spare_timer(*due - monotonic_now());
  static_cast<void>(wiring_.prepare_crash_page());  // nothing more is started now; an error is the next start's
}

/// Returns whether it has started one.
bool Daemon::tend_spare(ChildId child) {
  Spare& spare = *workers_[child].spare;
  const Spare::Deed deed = spare.next(need_of_spare(child), monotonic_now());
  switch (deed) {
    case Spare::Deed::Nothing: break;
    case Spare::Deed::End: end_spare(child); break;
    case Spare::Deed::Start:
      if (const auto started = start_spare(child); !started) {
        spare.died(monotonic_now());
        log::warn("A spare could not be started", {{"actor", actors_of(child)},
                                                   {"why", started.error().message},
                                                   {"next_in", format_duration(spare.delay())}});
      }
      break;
  }
  show_spare(child);
  return deed == Spare::Deed::Start;
}

Spare::Need Daemon::need_of_spare(ChildId child) const {
  const supervision::ChildStatus status = tree_->child(child);
  if (phase_ != Phase::Running || supervision::at_rest(status.state)) return Spare::Need::None;
  const bool has_time = status.state == supervision::State::Running || status.retry_at;  // or its back-off runs
  return has_time ? Spare::Need::Have : Spare::Need::Keep;
}

Status Daemon::start_spare(ChildId child) {
  auto order = wiring_.order_for(plan_, child, plugins_, {fence_, graph_.telemetry.sampling, true});
  if (!order) return tl::unexpected(std::move(order.error()));
  auto launched = launch(std::move(*order), {
      .on_line = [this, child](process::Stream stream, std::string_view line) { spare_line(child, stream, line); },
      .on_end = [this, child](process::Ended how) { spare_ended(child, how); }},
      [](ipc::WorkerPlan&) { return Status(); });
  if (!launched) return tl::unexpected(std::move(launched.error()));
  workers_[child].spare_process.emplace(std::move(*launched));
  return {};
}

/// What it says before its takeover: that it is ready, why it fails, or what the library prints while it is loaded.
void Daemon::spare_line(ChildId child, process::Stream stream, std::string_view line) {
  const std::uint64_t next = sampler_.generation(plan_.workers[child].actors.front()) + 1;
  if (stream != process::Stream::Control)
    return relay_line(stream == process::Stream::Error ? "warn" : "info", line, actors_of(child), next);
  const auto event = ipc::parse_event(line);
  if (event && event->kind == ipc::Event::Kind::Prepared) {
    workers_[child].spare->prepared(monotonic_now());
    log::debug("A spare is ready", {{"actor", actors_of(child)}, {"pid", workers_[child].spare_process->process->pid()}});
  } else if (event && event->kind == ipc::Event::Kind::Failed) {
    log::warn("A spare failed", {{"actor", actors_of(child)}, {"why", event->text}});
  }
  show_spare(child);
}

/// By itself, or killed by somebody else. No restart: its worker goes on.
void Daemon::spare_ended(ChildId child, process::Ended how) {
  Worker& worker = workers_[child];
  const int pid = worker.spare_process->process->pid();
  worker.spare_process.reset();
  worker.spare->died(monotonic_now());
  log::warn("A spare died", {{"actor", actors_of(child)},
                             {"pid", pid},
                             {"why", how.text()},
                             {"next_in", format_duration(worker.spare->delay())}});
  tend_spares();
}

void Daemon::end_spare(ChildId child) {
  Worker& worker = workers_[child];
  if (!worker.spare_process) return;
  std::unique_ptr<process::Process> process = std::move(worker.spare_process->process);
  worker.spare_process.reset();
  dismiss(std::move(process));
}

/// It is kept until it is reaped, and nobody listens to it any more.
void Daemon::dismiss(std::unique_ptr<process::Process> process) {
  process->hand_to({.on_line = [](process::Stream, std::string_view) {},
                    .on_end = [this, which = process.get()](process::Ended) {
                      std::erase_if(leaving_, [&](const auto& other) { return other.get() == which; });
                    }});
  process->kill(SIGKILL);
  leaving_.push_back(std::move(process));
}

/// After the plan has changed: those that would be started otherwise now.
void Daemon::end_misfits() {
  for (ChildId child = 0; child < workers_.size(); ++child) {
    Worker& worker = workers_[child];
    if (!worker.spare_process) continue;
    const auto order = wiring_.order_for(plan_, child, plugins_, {fence_, graph_.telemetry.sampling, true});
    if (order && ipc::print(order->plan) == worker.spare_process->plan_text &&
        Wiring::is_current(worker.spare_process->files))
      continue;
    worker.spare->misfits();
    end_spare(child);
  }
}

/// The spare that fits what the worker would be started with now; otherwise nothing, and a spare that does not fit ends.
std::optional<Daemon::Launched> Daemon::take_spare(ChildId child) {
  Worker& worker = workers_[child];
  if (!worker.spare || !worker.spare_process || !worker.spare_process->process->lives()) return std::nullopt;
  if (!Wiring::is_current(worker.spare_process->files)) {
    log::info("A spare no longer fits what it was prepared with; its worker starts anew", {{"actor", actors_of(child)}});
    worker.spare->misfits();
    end_spare(child);
    return std::nullopt;
  }
  if (!worker.spare->take()) return std::nullopt;
  auto taken = std::exchange(worker.spare_process, std::nullopt);
  show_spare(child);
  return taken;
}

void Daemon::show_spare(ChildId child) {
  const Worker& worker = workers_[child];
  facts_[child].standby = word(worker.spare->state());
  facts_[child].standby_pid = worker.spare_process ? worker.spare_process->process->pid() : 0;
}

void Daemon::arm_spare_timer(nanoseconds delay) {
  if (!spare_timer_) return;
  const auto milliseconds = (std::max(delay, nanoseconds(0)).count() + 999'999) / 1'000'000;  // never too early
  uv_update_time(loop_);
  uv_timer_start(
      spare_timer_.get(), [](uv_timer_t* timer) { static_cast<Daemon*>(timer->data)->tend_spares(); },
      static_cast<std::uint64_t>(milliseconds), 0);
}

}  // namespace steady::runtime
