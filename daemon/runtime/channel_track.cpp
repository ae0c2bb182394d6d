#include "runtime/channel_track.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;

/// Rates follow the last second or so: a shorter memory flickers, a longer one hides a stop.
constexpr double kRateMemorySeconds = 1.0;

constexpr double kSecondsPerNanosecond = 1e-9;

double seconds(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

double fill_of(const ipc::ChannelSample& sample, std::size_t reader) {
  const std::uint64_t head = std::min(sample.readers[reader].head_bytes, sample.tail_bytes);
  if (sample.capacity_bytes == 0) return 0;
  return std::min(1.0, static_cast<double>(sample.tail_bytes - head) / static_cast<double>(sample.capacity_bytes));
}

}  // namespace

double ratio_of(std::uint64_t now_ns, std::uint64_t before_ns, nanoseconds elapsed) {
  if (now_ns <= before_ns || elapsed.count() <= 0) return 0;
  return std::min(1.0, static_cast<double>(now_ns - before_ns) / static_cast<double>(elapsed.count()));
}

void ChannelTrack::frame(const ipc::ChannelSample& sample, nanoseconds now) {
  for (std::size_t i = 0; i < readers_.size() && i < sample.readers.size(); ++i) {
    readers_[i].fill.add(fill_of(sample, i));
    const std::uint64_t inflight = sample.tail_messages - sample.readers[i].head_messages;
    readers_[i].inflight.add(static_cast<double>(inflight));
    readers_[i].empty = inflight == 0;
  }
  const double elapsed = framed_at_ ? seconds(now - *framed_at_) : 0;
  if (elapsed > 0 && sample.tail_messages >= messages_) {
    const double current = static_cast<double>(sample.tail_messages - messages_) / elapsed;
    rate_window_.add(current);
    rate_ += (current - rate_) * (1 - std::exp(-elapsed / kRateMemorySeconds));
    if (rate_ < 0.01) rate_ = 0;
  }
  messages_ = sample.tail_messages;
  blocked_ns_ = sample.blocked_ns;
  closed_ = sample.closed;
  framed_at_ = now;
  ++frames_;
}

void ChannelTrack::second(const ipc::ChannelObserver& observer, nanoseconds now) {
  const double none = NAN;
  double fill = readers_.empty() ? none : 0;
  double p50 = none;
  double p99 = none;
  frames_then_ = std::max<std::size_t>(frames_, 1);
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    Reader& reader = readers_[i];
    reader.latency.look(observer.latency_recorded(i), now, [&] { return observer.latency(i); });
    const std::uint64_t oldest = observer.oldest_mark_ns(i);
    const auto now_ns = static_cast<std::uint64_t>(now.count());
    reader.waiting_seconds = oldest != 0 && oldest < now_ns ? static_cast<double>(now_ns - oldest) / 1e9 : 0;
    fill = std::max(fill, recent_fill(i));
    if (reader.latency.recent().count == 0) continue;
    constexpr std::array kPercents{50.0, 99.0};
    std::array<double, 2> values{};
    reader.latency.recent().percentiles(kPercents, values);
    p50 = std::fmax(p50, values[0] * kSecondsPerNanosecond);
    p99 = std::fmax(p99, values[1] * kSecondsPerNanosecond);
  }
  double rate = none;
  if (second_at_ && now > *second_at_) {
    blocked_ratio_ = ratio_of(blocked_ns_, blocked_ns_then_, now - *second_at_);
    if (messages_ >= messages_then_)
      rate = static_cast<double>(messages_ - messages_then_) / seconds(now - *second_at_);
  }
  messages_then_ = messages_;
  blocked_ns_then_ = blocked_ns_;
  second_at_ = now;
  frames_ = 0;
  rates.add(rate);
  fills.add(fill);
  latency_p50.add(p50);
  latency_p99.add(p99);
}

void ChannelTrack::show(observe::ChannelSnapshot& shown, bool statistics) const {
  shown.rate_messages_per_second = rate_;
  shown.blocked_ratio = blocked_ratio_;
  if (statistics) shown.rate = rate_window_.statistic();
  for (std::size_t i = 0; i < readers_.size() && i < shown.readers.size(); ++i) {
    observe::ChannelReader& to = shown.readers[i];
    to.latency = readers_[i].latency.all();
    to.waiting_seconds = readers_[i].waiting_seconds;
    if (!statistics) continue;
    to.fill = readers_[i].fill.statistic();
    to.latency_seconds = statistic_of(readers_[i].latency.recent(), kSecondsPerNanosecond);
  }
}

/// A message that waits is late already: without it a channel that stands still would look fast.
std::optional<double> ChannelTrack::latency_of(const Reader& reader, const config::Aggregate& how) const {
  const auto taken = aggregate_of(reader.latency.recent(), how, kSecondsPerNanosecond);
  const bool can_only_grow =
      how.kind != config::Aggregate::Kind::Min && how.kind != config::Aggregate::Kind::Deviation;
  if (reader.waiting_seconds == 0 || !can_only_grow) return taken;
  if (!taken || how.kind == config::Aggregate::Kind::Max) return std::max(taken.value_or(0), reader.waiting_seconds);
  return taken;
}

std::optional<double> ChannelTrack::measure(config::Measure what, const config::Aggregate& how) const {
  if (what == config::Measure::Rate) return rate_window_.aggregate(how);
  std::optional<double> largest;
  for (const Reader& reader : readers_) {
    std::optional<double> value;
    if (what == config::Measure::Fill) value = reader.fill.aggregate(how);
    if (what == config::Measure::Inflight) value = reader.inflight.aggregate(how);
    if (what == config::Measure::Latency) value = latency_of(reader, how);
    if (value && (!largest || *value > *largest)) largest = value;
  }
  return largest;
}

double ChannelTrack::recent_fill(std::size_t reader) const { return readers_[reader].fill.recent_mean(frames_then_); }

bool ChannelTrack::empty(std::size_t reader) const { return readers_[reader].empty; }

}  // namespace steady::runtime
