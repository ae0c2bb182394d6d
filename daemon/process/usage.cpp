#include "process/usage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/files.hpp"
#include "base/unique_fd.hpp"

namespace steady::process {
namespace {

std::string read_proc(int pid, const char* name) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  char text[1024];
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  const ssize_t count = file ? ::read(file.get(), text, sizeof text) : 0;  // the kernel gives such a page at once
  return {text, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

/// The number behind `key` at the start of a line, or 0.
std::uint64_t number_after(const std::string& text, const std::string& key) {
  const auto found = text.find("\n" + key + " ");
  return found == std::string::npos ? 0 : std::strtoull(text.c_str() + found + key.size() + 2, nullptr, 10);
}

}  // namespace

CoreTime core_time_of(int pid, int thread, const CoreTime& before) {
  unsigned long long ran = 0;
  unsigned long long queued = 0;
  unsigned long long turns = 0;
  const std::string task = "task/" + std::to_string(thread);
  if (std::sscanf(read_proc(pid, (task + "/schedstat").c_str()).c_str(), "%llu %llu %llu", &ran, &queued, &turns) != 3)
    return {};
  const std::chrono::nanoseconds ran_time(static_cast<std::int64_t>(ran));
  // It needs a turn to be stopped too, or to be told to go on: all is as it was.
  if (before.core >= 0 && !before.ready && before.turns == turns && before.ran == ran_time) return before;
  const std::string stat = read_proc(pid, (task + "/stat").c_str());
  const auto name_end = stat.rfind(')');
  const bool ready = name_end != std::string::npos && stat.compare(name_end + 1, 2, " R") == 0;
  const bool stopped = name_end != std::string::npos && name_end + 2 < stat.size() &&
                       (stat[name_end + 2] == 'T' || stat[name_end + 2] == 't');
  int core = -1;  // field 39 of proc(5)
  if (name_end == std::string::npos ||
      std::sscanf(stat.c_str() + name_end + 1,
                  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %*d %*u %*u %*u "
                  "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %d",
                  &core) != 1)
    core = -1;
  return {ran_time, std::chrono::nanoseconds(static_cast<std::int64_t>(queued)), ready, stopped, core, turns};
}

std::uint64_t oom_kills() {
  const auto text = read_file("/proc/vmstat", 64 * 1024);
  return text ? number_after(*text, "oom_kill") : 0;
}

std::optional<std::uint64_t> resident_bytes_of(int pid) {
  unsigned long long pages = 0;
  if (std::sscanf(read_proc(pid, "statm").c_str(), "%*u %llu", &pages) != 1) return std::nullopt;
  static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return pages * page_bytes;
}

}  // namespace steady::process
