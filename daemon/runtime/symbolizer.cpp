#include "runtime/symbolizer.hpp"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "base/units.hpp"
#include "ipc/protocol.hpp"
#include "symbols/maps.hpp"

namespace steady::runtime {
namespace {

using records::StackFrame;
using symbols::CodeRange;

constexpr std::size_t kJobsMax = 16;
constexpr std::size_t kKnownMax = 64;

/// What is known without looking into any file.
std::vector<StackFrame> plain_frames(const std::vector<std::uint64_t>& addresses,
                                     const std::vector<CodeRange>& ranges) {
  std::vector<StackFrame> frames;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    StackFrame& frame = frames.emplace_back();
    frame.address = addresses[i];
    const CodeRange* const range = symbols::find_range(ranges, symbols::place_of_call(addresses[i], i));
    if (range != nullptr) frame.module = symbols::module_name(range->path);
  }
  return frames;
}

/// Tells one stack from another wherever the code was mapped: file and offset of each frame.
std::string key_of(const std::vector<std::uint64_t>& addresses, const std::vector<CodeRange>& ranges) {
  std::string key;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const std::uint64_t address = symbols::place_of_call(addresses[i], i);
    const CodeRange* const range = symbols::find_range(ranges, address);
    key += range == nullptr ? "?" : range->path + " " + range->file_identity + " " +
                                        std::to_string(address - range->begin + range->file_offset);
    key += '\n';
  }
  return key;
}

/// For each frame of an answer the address that it belongs to. An inlined call repeats the address of the one around
/// it. Errors: the answer is one to another question.
Result<std::vector<std::size_t>> sources_of(const std::vector<StackFrame>& frames,
                                            const std::vector<std::uint64_t>& addresses) {
  std::vector<std::size_t> sources;
  std::size_t source = 0;
  for (const StackFrame& frame : frames) {
    if (!sources.empty() && frame.address != addresses[source]) ++source;
    if (source == addresses.size() || frame.address != addresses[source])
      return fail(ErrorCode::Invalid, "its answer has other addresses than were asked for");
    sources.push_back(source);
  }
  return sources;
}

/// Names come from a plugin's file: whatever they contain, they stay within their line.
void make_printable(std::string& text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 127; }, '?');
}

}  // namespace

void Symbolizer::ask(const ipc::CrashReport& report, const std::vector<ModuleFile>& files, Done done) {
  const auto ranges = symbols::parse_maps(report.maps);
  Job job;
  job.key = key_of(report.frames, ranges);
  job.plain = plain_frames(report.frames, ranges);
  job.request = {report.frames, report.maps, {}};
  job.done = std::move(done);
  if (jobs_.size() >= kJobsMax) {
    log::warn("A stack stays without names: too many wait to be looked up", {{"waiting", jobs_.size()}});
    return job.done(std::move(job.plain));
  }
  for (const ModuleFile& file : files) {
    job.owned.emplace_back(::fcntl(file.fd, F_DUPFD_CLOEXEC, 3));
    if (!job.owned.back()) {
      job.owned.pop_back();
      continue;
    }
    const int seen_as = process::kFirstInheritedFd + static_cast<int>(job.request.files.size());
    job.request.files.push_back({file.name, seen_as});
  }
  jobs_.push_back(std::move(job));
  start_next();
}

/// Every job that needs no process is answered here, too.
void Symbolizer::start_next() {
  while (!query_ && !jobs_.empty()) {
    Job& next = jobs_.front();
    const Known* const known = find_known(next.key);
    if (known == nullptr) {
      const auto started = start(next);
      if (started) return;
      log::warn("A stack stays without names", {{"why", started.error().message}});
    }
    Job job = std::move(next);
    jobs_.pop_front();
    auto frames = known != nullptr ? known->frames : job.plain;
    for (std::size_t i = 0; known != nullptr && i < frames.size(); ++i)
      frames[i].address = job.request.frames[known->sources[i]];
    job.done(std::move(frames));
  }
}

Status Symbolizer::start(Job& job) {
  if (job.request.frames.empty()) return fail(ErrorCode::Invalid, "it has no frames");
  process::Spawn spawn;
  spawn.command = {executable_, "--fd", std::to_string(ipc::kControlFd)};
  for (const UniqueFd& fd : job.owned) spawn.inherit.push_back(fd.get());
  auto query = process::Query::start(loop_, spawn, symbols::print(job.request), limit_,
                                     [this](const process::Outcome& outcome) { ended(outcome); });
  if (!query) return tl::unexpected(std::move(query.error()));
  ++started_count_;
  query_ = std::move(*query);
  return {};
}

void Symbolizer::ended(const process::Outcome& outcome) {
  query_.reset();
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  auto answer = read_answer(outcome);
  if (answer) {
    for (StackFrame& frame : *answer)
      for (std::string* const text : {&frame.function, &frame.file, &frame.module}) make_printable(*text);
    const auto sources = sources_of(*answer, job.request.frames);
    if (sources) remember({job.key, *answer, *sources});
    else answer = tl::unexpected(sources.error());
  }
  if (!answer) log::warn("A stack stays without names", {{"why", answer.error().message}});
  job.done(answer ? std::move(*answer) : std::move(job.plain));
  start_next();
}

Result<std::vector<StackFrame>> Symbolizer::read_answer(const process::Outcome& outcome) const {
  if (outcome.timed_out)
    return fail(ErrorCode::Timeout, executable_ + " did not answer within " + format_duration(limit_));
  if (!outcome.how.clean())
    return fail(ErrorCode::Invalid, executable_ + ": " + (outcome.last_error_line.empty() ? outcome.how.text()
                                                                                          : outcome.last_error_line));
  return symbols::parse_answer(outcome.output).map_error(
      [&](Error error) { return std::move(error).within("the answer of " + executable_); });
}

const Symbolizer::Known* Symbolizer::find_known(const std::string& key) const {
  const auto found = std::find_if(known_.begin(), known_.end(), [&](const Known& known) { return known.key == key; });
  return found == known_.end() ? nullptr : &*found;
}

void Symbolizer::remember(Known known) {
  known_.push_front(std::move(known));
  if (known_.size() > kKnownMax) known_.pop_back();
}

}  // namespace steady::runtime
