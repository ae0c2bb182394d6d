#include "runtime/actor_track.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/channel_track.hpp"

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;

double seconds(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

constexpr double kSecondsPerNanosecond = 1e-9;

}  // namespace

void ActorTrack::second(const ipc::ActorObserver& observer, std::uint64_t memory_bytes, nanoseconds now) {
  step_.look(observer.step_recorded(), now, [&] { return observer.step(); });
  batch_.look(observer.batch_recorded(), now, [&] { return observer.batch(); });
  const ipc::WaitSample waits = observer.waits(static_cast<std::uint64_t>(now.count()));
  const std::uint64_t all_steps = observer.steps();
  if (second_at_ && now > *second_at_) {
    const nanoseconds elapsed = now - *second_at_;
    input_ratio_ = ratio_of(waits.input_ns, waits_.input_ns, elapsed);
    room_ratio_ = ratio_of(waits.room_ns, waits_.room_ns, elapsed);
    timer_ratio_ = ratio_of(waits.timer_ns, waits_.timer_ns, elapsed);
    steps_per_second_ = all_steps < steps_ ? 0 : static_cast<double>(all_steps - steps_) / seconds(elapsed);
    steps_window_.add(steps_per_second_);
    room_window_.add(room_ratio_);
    input_window_.add(input_ratio_);
  }
  waits_ = waits;
  steps_ = all_steps;
  second_at_ = now;
  memory_window_.add(static_cast<double>(memory_bytes));
  memory.add(memory_bytes == 0 ? NAN : static_cast<double>(memory_bytes));
  cpu.add(looked_at_ ? cpu_window_.aggregate({}).value_or(NAN) : NAN);
  steps.add(steps_per_second_);
  step_p99.add(step_.recent().count == 0 ? NAN : step_.recent().percentile(99) * kSecondsPerNanosecond);
  blocked.add(room_ratio_);
}

void ActorTrack::look(const process::CoreTime& core, nanoseconds now) {
  if (core.core < 0) return;
  if (looked_at_ && core.ran >= core_.ran && now > *looked_at_)
    cpu_window_.add(seconds(core.ran - core_.ran) / seconds(now - *looked_at_));
  core_ = core;
  looked_at_ = now;
}

void ActorTrack::ended() {
  cpu_seconds_before_ += seconds(core_.ran);
  core_ = {};
  looked_at_.reset();
}

void ActorTrack::show(observe::ActorSnapshot& shown, bool statistics) const {
  shown.steps_per_second = steps_per_second_;
  shown.step = step_.all();
  shown.waited_for_input_seconds = static_cast<double>(waits_.input_ns) / 1e9;
  shown.waited_for_room_seconds = static_cast<double>(waits_.room_ns) / 1e9;
  shown.waited_for_timer_seconds = static_cast<double>(waits_.timer_ns) / 1e9;
  shown.input_ratio = input_ratio_;
  shown.room_ratio = room_ratio_;
  shown.timer_ratio = timer_ratio_;
  shown.cpu_seconds = cpu_seconds_before_ + seconds(core_.ran);
  shown.core = core_.core;
  shown.context_switches = core_.turns;
  if (!statistics) return;
  shown.step_seconds = statistic_of(step_.recent(), kSecondsPerNanosecond);
  shown.batch_messages = statistic_of(batch_.recent(), 1);
  if (looked_at_) shown.cpu = cpu_window_.statistic();  // its generations are one actor; while it is down there is none
}

std::optional<double> ActorTrack::measure(config::Measure what, const config::Aggregate& how) const {
  switch (what) {
    case config::Measure::Cpu: return looked_at_ ? cpu_window_.aggregate(how) : std::nullopt;
    case config::Measure::Memory: return memory_window_.aggregate(how);
    case config::Measure::Step: return aggregate_of(step_.recent(), how, kSecondsPerNanosecond);
    case config::Measure::Batch: return aggregate_of(batch_.recent(), how, 1);
    case config::Measure::Steps: return steps_window_.aggregate(how);
    case config::Measure::Blocked: return room_window_.aggregate(how);
    case config::Measure::Idle: return input_window_.aggregate(how);
    default: return std::nullopt;
  }
}

}  // namespace steady::runtime
