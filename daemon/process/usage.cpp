#include "process/usage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "base/files.hpp"

namespace steady::process {
namespace {

/// Of the files that are read here; the kernel gives such a page at once.
using Page = std::array<char, 1024>;

/// "/proc/PID/NAME", or of one of its threads "/proc/PID/task/THREAD/NAME".
UniqueFd open_proc(int pid, const char* name) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  return UniqueFd(::open(path, O_RDONLY | O_CLOEXEC));
}
UniqueFd open_proc(int pid, int thread, const char* name) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/task/%d/%s", pid, thread, name);
  return UniqueFd(::open(path, O_RDONLY | O_CLOEXEC));
}

/// What the file says now; nothing when it is of somebody who is gone.
std::string_view read_page(const UniqueFd& file, Page& page) {
  const ssize_t count = file ? ::pread(file.get(), page.data(), page.size(), 0) : 0;
  return {page.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

/// The numbers at the beginning of `text`, with blanks between them; how many there are, at most as many as wanted. One that
/// is too large counts as 0.
std::size_t parse_numbers(std::string_view text, std::span<std::int64_t> numbers) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    while (at != end && *at == ' ') ++at;
    const auto parsed = std::from_chars(at, end, numbers[i]);
    if (parsed.ec == std::errc::invalid_argument) return i;
    at = parsed.ptr;
  }
  return numbers.size();
}

/// The number behind `key` at the start of a line, or 0.
std::uint64_t number_after(const std::string& text, const std::string& key) {
  const auto found = text.find("\n" + key + " ");
  return found == std::string::npos ? 0 : std::strtoull(text.c_str() + found + key.size() + 2, nullptr, 10);
}

/// What a thread's `stat` adds to what the scheduler counts; its name, in brackets, may hold anything.
void add_state(std::string_view stat, CoreTime& time) {
  constexpr std::size_t kCore = 39;  // of proc(5), where the state is field 3
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos || stat.size() < name_end + 4) return;
  const char state = stat[name_end + 2];
  time.ready = state == 'R';
  time.stopped = state == 'T' || state == 't';
  std::array<std::int64_t, kCore - 3> fields{};
  if (parse_numbers(stat.substr(name_end + 3), fields) == fields.size()) time.core = static_cast<int>(fields.back());
}

}  // namespace

CoreTime CoreMeter::look(int pid, int thread) {
  if (pid != pid_ || thread != thread_) {
    *this = CoreMeter();
    pid_ = pid;
    thread_ = thread;
    file_ = open_proc(pid, thread, "schedstat");
  }
  Page page;
  std::array<std::int64_t, 3> counted{};  // it ran, it was ready and had no core, turns
  if (parse_numbers(read_page(file_, page), counted) != counted.size()) {
    *this = CoreMeter();
    return {};
  }
  const std::chrono::nanoseconds ran(counted[0]);
  const auto turns = static_cast<std::uint64_t>(counted[2]);
  // It needs a turn to be stopped too, or to be told to go on: all is as it was.
  if (last_.core >= 0 && !last_.ready && last_.turns == turns && last_.ran == ran) return last_;
  last_ = CoreTime{.ran = ran, .queued = std::chrono::nanoseconds(counted[1]), .turns = turns};
  add_state(read_page(open_proc(pid, thread, "stat"), page), last_);
  return last_;
}

std::uint64_t oom_kills() {
  const auto text = read_file("/proc/vmstat", 64 * 1024);
  return text ? number_after(*text, "oom_kill") : 0;
}

std::optional<std::uint64_t> resident_bytes_of(int pid) {
  Page page;
  std::array<std::int64_t, 2> pages{};  // in all, resident
  if (parse_numbers(read_page(open_proc(pid, "statm"), page), pages) != pages.size()) return std::nullopt;
  static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return static_cast<std::uint64_t>(pages[1]) * page_bytes;
}

}  // namespace steady::process
