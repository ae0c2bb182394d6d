#include "control/ctl/inject.hpp"

#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "control/ctl/fields.hpp"
#include "control/ctl/interrupt.hpp"
#include "control/ctl/recording.hpp"
#include "control/ctl/table.hpp"
#include "topology/message.hpp"
#include "topology/read_message.hpp"

namespace steady::control {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::size_t kBatchMessages = 1000;
/// A request line has at most 1 MiB, and a byte takes two digits.
constexpr std::size_t kBatchBytes = 256 * 1024;
constexpr std::size_t kMessageBytesMax = 500 * 1024;
/// Messages that wait for room before more are sent: they are in the daemon's database.
constexpr std::uint64_t kWaitingMax = 2000;
/// How long a daemon may be gone, as while it is restarted.
constexpr auto kPatience = 30s;

std::string random_id() {
  std::string bytes(16, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) < 0) bytes.assign(16, 'x');  // cannot fail for so few bytes
  return to_hex(bytes);
}

std::string counted(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " message" : " messages"); }

Error interruption() { return {ErrorCode::Timeout, "interrupted"}; }

/// Where messages come from: the next one's bytes, nothing at the end. Errors name the place.
using Source = std::function<Result<std::optional<std::string>>()>;

/// All of it, or all before what is wrong; says how many.
int inject_all(Injector& injector, const Source& source) {
  Status failed;
  for (;;) {
    auto payload = interrupted() ? Result<std::optional<std::string>>(tl::unexpected(interruption())) : source();
    if (!payload) {
      failed = tl::unexpected(payload.error());
      break;
    }
    if (!*payload) break;
    failed = injector.add(std::move(**payload));
    if (!failed) break;
  }
  const bool can_go_on = failed || failed.error().code == ErrorCode::NotFound;
  Status finished = can_go_on && !interrupted() ? injector.finish() : Status();
  if (failed && !finished) failed = std::move(finished);
  const std::uint64_t stored = injector.stored();
  if (failed) {
    std::cout << counted(stored) << " injected into " << injector.channel() << '\n';
    return 0;
  }
  std::cerr << "steadyctl: " << printable(failed.error().message) << '\n';
  std::cerr << "steadyctl: " << counted(injector.in_ring()) << " injected into " << injector.channel();
  if (stored != injector.in_ring())
    std::cerr << ", " << stored - injector.in_ring() << " more are stored and will follow";
  std::cerr << '\n';
  return failed.error().code == ErrorCode::System ? 3 : 1;
}

/// What is wrong with the input, as opposed to a daemon that says no: what came before it goes on its way.
tl::unexpected<Error> bad_input(const std::string& name, std::uint64_t line, const std::string& what) {
  return fail(ErrorCode::NotFound, name + (line == 0 ? "" : ":" + std::to_string(line)) + ": " + what);
}

Source json_lines(std::istream& in, const std::string& name, const topology::PlannedChannel& layout) {
  return [&in, name, layout, number = std::uint64_t{0}]() mutable -> Result<std::optional<std::string>> {
    std::string line;
    if (!std::getline(in, line)) return std::optional<std::string>();
    ++number;
    auto bytes = topology::read_message(layout.frames, layout.message, line);
    if (!bytes) return bad_input(name, number, bytes.error().message);
    return std::optional(std::move(*bytes));
  };
}

Source raw_bytes(std::istream& in, const std::string& name, const topology::PlannedChannel& layout) {
  return [&in, name, layout]() -> Result<std::optional<std::string>> {
    std::string bytes;
    if (layout.frames) return std::getline(in, bytes) ? std::optional(std::move(bytes)) : std::nullopt;
    bytes.resize(layout.message.size_bytes);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (in.gcount() == 0) return std::optional<std::string>();
    if (static_cast<std::size_t>(in.gcount()) == bytes.size()) return std::optional(std::move(bytes));
    return bad_input(name, 0, "ends with " + std::to_string(in.gcount()) + " of the " + std::to_string(bytes.size()) +
                                  " bytes of a message");
  };
}

Source recorded_lines(std::istream& in, const std::string& name) {
  return [&in, name, number = std::uint64_t{1}]() mutable -> Result<std::optional<std::string>> {
    for (std::string line; std::getline(in, line);) {
      ++number;
      auto bytes = read_recording_line(line);
      if (!bytes) return bad_input(name, number, bytes.error().message);
      if (*bytes) return bytes;
    }
    return std::optional<std::string>();
  };
}

bool is_stdin(const std::string& file) { return file.empty() || file == "-"; }

}  // namespace

Injector::Injector(std::string socket, std::string channel)
    : socket_(std::move(socket)), channel_(std::move(channel)), injection_(random_id()) {}

Status Injector::add(std::string payload) {
  if (payload.size() > kMessageBytesMax)
    return fail(ErrorCode::NotFound, "a message of " + std::to_string(payload.size()) + " bytes is too long to inject");
  if (batch_.size() == kBatchMessages || (!batch_.empty() && batch_bytes_ + payload.size() > kBatchBytes))
    if (auto flushed = flush(); !flushed) return flushed;
  batch_bytes_ += payload.size();
  batch_.push_back(std::move(payload));
  return {};
}

Status Injector::finish() {
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto waited = wait_until(0); !waited) return waited;
  static_cast<void>(ask_once(socket_, "inject_done", {{"injection", injection_}}));  // a courtesy
  return {};
}

Status Injector::flush() {
  if (batch_.empty()) return {};
  json messages = json::array();
  for (const std::string& payload : batch_) messages.push_back(to_hex(payload));
  const auto report =
      ask("inject", {{"channel", channel_}, {"injection", injection_}, {"first", sent_}, {"messages", messages}});
  if (!report) return tl::unexpected(report.error());
  note(*report);
  sent_ += batch_.size();
  batch_.clear();
  batch_bytes_ = 0;
  return wait_until(kWaitingMax);
}

Status Injector::wait_until(std::uint64_t waiting) {
  for (auto rest = 1ms; waiting_ > waiting; rest = std::min<std::chrono::milliseconds>(rest * 2, 50ms)) {
    if (interrupted()) return tl::unexpected(interruption());
    pause_for(rest);
    const auto report = ask("inject_report", {{"injection", injection_}});
    if (!report) return tl::unexpected(report.error());
    note(*report);
  }
  return {};
}

/// A daemon that cannot be reached is asked again for a while: it may be on its way back.
Result<json> Injector::ask(const std::string& method, const json& params) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    auto answer = ask_once(socket_, method, params);
    if (answer || answer.error().code == ErrorCode::Invalid) return answer;
    if (interrupted()) return tl::unexpected(interruption());
    if (std::chrono::steady_clock::now() > until) return answer;
    pause_for(50ms);
  }
}

void Injector::note(const json& report) {
  stored_ = count_of(report, "stored");
  waiting_ = std::min(count_of(report, "waiting"), stored_);
  const auto why = text_of(report, "why");
  if (!why.empty() && why != said_) std::cerr << "steadyctl: " << printable(why) << '\n';
  said_ = why;
}

int inject_file(const std::string& socket, const std::string& name, const std::string& file, bool raw) {
  const auto channel = ask_channel(socket, name);
  if (!channel) return refuse(channel.error());
  std::ifstream opened;
  if (!is_stdin(file)) opened.open(file, std::ios::binary);
  if (!is_stdin(file) && !opened) return refuse({ErrorCode::Invalid, "cannot read " + file});
  std::istream& in = is_stdin(file) ? std::cin : opened;
  const std::string shown = is_stdin(file) ? "stdin" : file;
  note_interrupts();
  Injector injector(socket, name);
  return inject_all(injector, raw ? raw_bytes(in, shown, channel->layout) : json_lines(in, shown, channel->layout));
}

int replay_file(const std::string& socket, const std::string& file, const std::string& name) {
  std::ifstream in(file, std::ios::binary);
  std::string line;
  if (!in || !std::getline(in, line)) return refuse({ErrorCode::Invalid, "cannot read " + file + ", or it is empty"});
  const auto recorded = read_recording_header(line);
  if (!recorded) return refuse({ErrorCode::Invalid, file + ":1: " + recorded.error().message});
  const auto channel = ask_channel(socket, name.empty() ? recorded->name : name);
  if (!channel) return refuse(channel.error());
  const auto& to = channel->layout;
  const bool same = to.frames == recorded->frames && (to.frames || topology::agree(to.message, recorded->message));
  if (!same) {
    const auto carries = [](const auto& of) { return of.frames ? "frames" : topology::layout(of.message, true); };
    return refuse({ErrorCode::Invalid,
                   file + " holds " + carries(*recorded) + ", channel " + to.name + " carries " + carries(to)});
  }
  note_interrupts();
  Injector injector(socket, to.name);
  return inject_all(injector, recorded_lines(in, file));
}

}  // namespace steady::control
