#include "proc/host.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace steady::proc {
namespace {

std::string text_of(const char* path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(std::string("cannot read ") + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void Host::start() {
  before_ = read_cpu_times(text_of("/proc/stat"));
  run_when(samples_.has_room(1) && every(*interval_));
}

void Host::step() {
  const auto cpu = read_cpu_times(text_of("/proc/stat"));
  const auto load = read_load(text_of("/proc/loadavg"));
  const auto memory = read_memory(text_of("/proc/meminfo"));
  samples_.put(HostSample{unix_time(), busy_percent(before_, cpu), load[0], load[1], load[2], memory.total_bytes,
                          memory.available_bytes});
  before_ = cpu;
}

}  // namespace steady::proc
