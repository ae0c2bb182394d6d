#include "process/usage.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "base/files.hpp"

namespace steady::process {
namespace {

std::string read_proc(int pid, const char* name) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  char text[1024];
  std::FILE* const file = std::fopen(path, "re");
  if (file == nullptr) return {};
  const std::size_t count = std::fread(text, 1, sizeof text, file);
  std::fclose(file);
  return {text, count};
}

}  // namespace

std::optional<Usage> usage_of(int pid) {
  const std::string stat = read_proc(pid, "stat");
  const auto name_end = stat.rfind(')');  // the name may hold anything, also blanks and brackets
  unsigned long long user = 0;
  unsigned long long system = 0;
  unsigned long long pages = 0;
  if (name_end == std::string::npos ||
      std::sscanf(stat.c_str() + name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
                  &system) != 2 ||
      std::sscanf(read_proc(pid, "statm").c_str(), "%*u %llu", &pages) != 1)
    return std::nullopt;
  static const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return Usage{static_cast<double>(user + system) / ticks, pages * page_bytes};
}

}  // namespace steady::process
