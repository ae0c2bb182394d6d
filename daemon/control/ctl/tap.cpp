#include "control/ctl/tap.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "control/ctl/channel.hpp"
#include "control/ctl/interrupt.hpp"
#include "control/ctl/recording.hpp"

namespace steady::control {
namespace {

using namespace std::chrono_literals;
using Batch = ipc::Tap::Batch;

std::string counted(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " message" : " messages"); }

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Looks until `look` is satisfied, the stream ends, or Ctrl-C. Returns why the tap ended by itself.
ipc::Tap::End follow(ipc::Tap& tap, const std::function<bool(const Batch&)>& look) {
  Pace pace;
  if (::nice(10) == -1) errno = 0;  // where processors are scarce the channel's own processes go first
  while (!interrupted()) {
    const Batch& batch = tap.next(pace.most());
    if (!look(batch)) return ipc::Tap::End::None;
    if (const auto end = tap.end(); end != ipc::Tap::End::None) return end;
    if (const auto rest = pace.rest_after(!batch.messages.empty(), batch.skipped != 0, tap.caught_up()); rest != 0ms)
      pause_for(rest);
  }
  return ipc::Tap::End::None;
}

void say_end(ipc::Tap::End end, const std::string& channel) {
  if (end == ipc::Tap::End::Closed) std::cerr << "steadyctl: the stream of channel " << channel << " has ended\n";
  if (end == ipc::Tap::End::Replaced)
    std::cerr << "steadyctl: channel " << channel << " is another one now, or gone; tap it again\n";
}

/// The lines of one tap, and what it has to say of them.
class Printer {
 public:
  Printer(const topology::PlannedChannel& layout, const TapWishes& wishes) : layout_(layout), wishes_(wishes) {}

  /// With frames the newest are known only when all that waited was seen; so they are held until then.
  void hold() { holding_ = wishes_.newest; }
  void release() {
    for (const std::string& line : held_) std::cout << line;
    held_.clear();
    holding_.reset();
  }
  void print(const Batch& batch) {
    skipped_ += batch.skipped;
    for (const auto& message : batch.messages) print(message);
    if (batch.messages.empty()) return;
    std::cout.flush();
    if (skipped_ != said_ && std::chrono::steady_clock::now() - said_at_ > 1s) say_skipped();
  }
  [[nodiscard]] bool printed_any() const { return printed_any_; }
  void say_skipped() {
    if (skipped_ == said_) return;
    std::cerr << "steadyctl: " << counted(skipped_ - said_) << " skipped\n";
    said_ = skipped_;
    said_at_ = std::chrono::steady_clock::now();
  }

 private:
  void print(const Batch::Message& message) {
    std::string line = wishes_.raw ? std::string(message.bytes) : shown_line(layout_, message.sequence, message.bytes);
    if (!wishes_.raw || layout_.frames) line += '\n';
    printed_any_ = true;
    if (!holding_) {
      std::cout << line;
      return;
    }
    held_.push_back(std::move(line));
    if (held_.size() > *holding_) held_.pop_front();
  }

  const topology::PlannedChannel& layout_;
  const TapWishes& wishes_;
  std::optional<std::uint64_t> holding_;
  std::deque<std::string> held_;
  bool printed_any_ = false;
  std::uint64_t skipped_ = 0;
  std::uint64_t said_ = 0;
  std::chrono::steady_clock::time_point said_at_{};
};

}  // namespace

std::chrono::milliseconds Pace::rest_after(bool saw_any, bool skipped, bool caught_up) {
  if (!saw_any) return idle_ = std::clamp<std::chrono::milliseconds>(idle_ * 2, 1ms, 50ms);
  idle_ = 0ms;
  sampling_ = skipped;
  if (skipped) return 50ms;
  return caught_up ? 1ms : 0ms;
}

int tap_channel(const std::string& socket, const TapWishes& wishes) {
  const auto channel = ask_channel(socket, wishes.channel);
  if (!channel) return refuse(channel.error());
  auto tap = ipc::Tap::open(channel->paths);
  if (!tap)
    return refuse({ErrorCode::Invalid, "cannot look into channel " + wishes.channel + ": " + tap.error().message});
  Printer printer(channel->layout, wishes);
  if (wishes.newest) tap->begin_at_newest(*wishes.newest);
  if (wishes.newest) printer.hold();
  note_interrupts();
  bool first = true;
  const auto end = follow(*tap, [&](const Batch& batch) {
    if (wishes.newest == 0U && first && !wishes.follow) return false;
    first = false;
    printer.print(batch);
    if (tap->past_beginning()) printer.release();
    std::cout.flush();
    return std::cout.good() && (wishes.follow || !tap->past_beginning());
  });
  printer.release();
  printer.say_skipped();
  if (!printer.printed_any() && !wishes.follow)
    std::cerr << "steadyctl: nothing waits on channel " << wishes.channel << " now; --follow shows what comes\n";
  if (wishes.follow) say_end(end, wishes.channel);
  return 0;
}

int record_channel(const std::string& socket, const std::string& name, const std::string& file,
                   std::optional<std::uint64_t> most) {
  const auto channel = ask_channel(socket, name);
  if (!channel) return refuse(channel.error());
  auto tap = ipc::Tap::open(channel->paths);
  if (!tap) return refuse({ErrorCode::Invalid, "cannot look into channel " + name + ": " + tap.error().message});
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << recording_header(channel->layout) << '\n' << std::flush;
  if (!out) return refuse({ErrorCode::Invalid, "cannot write " + file});
  note_interrupts();
  std::uint64_t recorded = 0;
  std::uint64_t skipped = 0;
  const std::uint64_t wanted = most.value_or(std::numeric_limits<std::uint64_t>::max());
  const auto end = follow(*tap, [&](const Batch& batch) {
    if (batch.skipped != 0 && recorded < wanted) {
      out << recording_skip(batch.skipped) << '\n';
      skipped += batch.skipped;
    }
    for (const auto& message : batch.messages)
      if (recorded < wanted) {
        out << recording_line(channel->layout, message.sequence, unix_seconds(), message.bytes) << '\n';
        ++recorded;
      }
    if (!batch.messages.empty()) out.flush();
    return out.good() && recorded < wanted;
  });
  out.close();
  if (!out) return refuse({ErrorCode::Invalid, "cannot write " + file});
  say_end(end, name);
  std::cout << counted(recorded) << " of channel " << name << " recorded in " << file;
  if (skipped != 0) std::cout << ", " << skipped << " skipped";
  std::cout << '\n';
  return 0;
}

}  // namespace steady::control
