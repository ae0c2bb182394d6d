#include "runtime/machine.hpp"

#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <string>
#include <thread>

#include "base/cpu_list.hpp"
#include "base/files.hpp"
#include "ipc/segment.hpp"
#include "runtime/directories.hpp"
#include "topology/placement.hpp"

namespace steady::runtime {
namespace {

using Cpus = std::vector<unsigned>;

static_assert(topology::kHugePageBytes == ipc::kHugePage);

constexpr std::uint64_t kMostBytes = 64 << 10;
constexpr char kNodes[] = "/sys/devices/system/node/";
constexpr char kHugePages[] = "/sys/kernel/mm/transparent_hugepage/";

#ifndef MADV_COLLAPSE
constexpr int MADV_COLLAPSE = 25;  // Linux 6.1
#endif

/// Empty when there is none, or it is larger than anything that stands here.
std::string content_of(const std::string& path) { return read_file(path, kMostBytes).value_or(""); }

Cpus list_in(std::string_view text) { return parse_cpu_list(text).value_or(Cpus()); }

/// What follows "KEY:" at the start of a line, without blanks.
std::string_view field(std::string_view status, std::string_view key) {
  for (std::size_t at = 0; at < status.size();) {
    const std::string_view line = status.substr(at, status.find('\n', at) - at);
    if (line.starts_with(key) && line.substr(key.size()).starts_with(':'))
      return line.substr(std::min(line.find_first_not_of(" \t", key.size() + 1), line.size()));
    at += line.size() + 1;
  }
  return {};
}

std::uint64_t number_in(std::string_view text, int base) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

/// All CPUs that this process could choose: its present ones are a choice that a worker need not share. The kernel cuts
/// what a thread of its own asks for down to what the cpuset allows.
Cpus choosable_cpus() {
  using Words = std::array<unsigned long, kMostCpus / (8 * sizeof(unsigned long))>;
  Words words{};
  std::thread([&words] {
    Words all{};
    all.fill(~0UL);
    ::syscall(SYS_sched_setaffinity, 0, sizeof all, all.data());  // if that is forbidden, the present ones are all
    ::syscall(SYS_sched_getaffinity, 0, sizeof words, words.data());
  }).join();
  Cpus cpus;
  for (unsigned cpu = 0; cpu < kMostCpus; ++cpu)
    if ((words[cpu / (8 * sizeof(unsigned long))] >> (cpu % (8 * sizeof(unsigned long))) & 1) != 0) cpus.push_back(cpu);
  return cpus;
}

std::map<unsigned, Cpus> usable_nodes(std::string_view status) {
  const Cpus with_memory = list_in(content_of(std::string(kNodes) + "has_memory"));
  const Cpus allowed = list_in(field(status, "Mems_allowed_list"));
  Cpus usable;
  std::ranges::set_intersection(with_memory, allowed, std::back_inserter(usable));
  std::map<unsigned, Cpus> nodes;
  for (const unsigned node : usable)
    nodes[node] = list_in(content_of(kNodes + ("node" + std::to_string(node)) + "/cpulist"));
  return nodes;
}

/// "always [madvise] never" -> "madvise"
std::string chosen(const std::string& text) {
  const auto begin = text.find('[');
  const auto end = text.find(']');
  return begin == std::string::npos || end == std::string::npos ? "" : text.substr(begin + 1, end - begin - 1);
}

void read_limits(topology::Machine& machine) {
  const auto limit = [](__rlimit_resource resource) {
    rlimit found{};
    ::getrlimit(resource, &found);
    return found.rlim_cur;
  };
  machine.nice_limit = limit(RLIMIT_NICE);
  machine.real_time_limit = limit(RLIMIT_RTPRIO);
  if (const rlim_t locked = limit(RLIMIT_MEMLOCK); locked != RLIM_INFINITY) machine.lock_limit_bytes = locked;
}

void read_huge_pages(topology::Machine& machine) {
  machine.shmem_huge_pages = chosen(content_of(std::string(kHugePages) + "shmem_enabled"));
  if (machine.shmem_huge_pages.empty()) return;
  machine.huge_page_bytes = number_in(content_of(std::string(kHugePages) + "hpage_pmd_size"), 10);
  machine.can_collapse = ::madvise(nullptr, 0, MADV_COLLAPSE) == 0;  // of nothing: is the word known?
}

}  // namespace

std::uint64_t capabilities_after_exec(std::string_view status) {
  const auto set = [&](std::string_view name) { return number_in(field(status, name), 16); };
  std::string_view users = field(status, "Uid");  // real, effective, ...
  users.remove_prefix(std::min(users.find('\t') + 1, users.size()));
  if (number_in(users, 10) != 0 || users.empty()) return set("CapAmb");
  const std::uint64_t all = set("CapInh") | set("CapBnd");  // a program that root executes gets all that may be had
  return number_in(field(status, "NoNewPrivs"), 10) != 0 ? all & set("CapPrm") : all;
}

topology::Machine read_machine(const std::string& runtime_directory) {
  topology::Machine machine;
  const std::string status = content_of("/proc/self/status");
  const std::uint64_t capabilities = capabilities_after_exec(status);
  machine.has_sys_nice = (capabilities >> CAP_SYS_NICE & 1) != 0;
  machine.has_ipc_lock = (capabilities >> CAP_IPC_LOCK & 1) != 0;
  machine.online_cpus = list_in(content_of("/sys/devices/system/cpu/online"));
  machine.allowed_cpus = choosable_cpus();
  machine.nodes = usable_nodes(status);
  machine.nice = ::getpriority(PRIO_PROCESS, 0);
  read_limits(machine);
  read_huge_pages(machine);
  machine.runs_in_memory = runtime_directory.empty() || is_in_memory(runtime_directory);
  return machine;
}

}  // namespace steady::runtime
