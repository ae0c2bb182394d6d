#include "worker/placement.hpp"

#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <limits>

#include "base/cpu_list.hpp"

namespace steady::worker {
namespace {

/// A set of small numbers as the kernel wants it.
template <std::size_t Most>
class BitSet {
 public:
  static_assert(Most % std::numeric_limits<unsigned long>::digits == 0);
  void add(unsigned number) { words_.at(number / kBits) |= 1UL << (number % kBits); }
  [[nodiscard]] const unsigned long* data() const { return words_.data(); }
  [[nodiscard]] std::size_t bytes() const { return sizeof words_; }

 private:
  static constexpr std::size_t kBits = std::numeric_limits<unsigned long>::digits;
  std::array<unsigned long, Most / kBits> words_{};
};

constexpr std::size_t kMostNodes = 1024;

Status use_cpus(const std::vector<unsigned>& cpus) {
  BitSet<kMostCpus> set;
  for (const unsigned cpu : cpus) set.add(cpu);
  if (::syscall(SYS_sched_setaffinity, 0, set.bytes(), set.data()) != 0)
    return fail_errno("cpus: cannot use " + format_cpu_list(cpus));
  return {};
}

Status use_nice(int nice) {
  if (::setpriority(PRIO_PROCESS, 0, nice) != 0) return fail_errno("nice: cannot be " + std::to_string(nice));
  return {};
}

/// Not reset on fork: a thread is a fork to the kernel, and every thread of the worker shall have it.
Status use_policy(const std::string& policy, int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  if (::sched_setscheduler(0, policy == "fifo" ? SCHED_FIFO : SCHED_RR, &parameters) == 0) return {};
  const int number = errno;
  // The limits allow it, or steadyd would have said so.
  const std::string hint =
      number == EPERM ? " (RestrictRealtime= in the unit forbids it, or the cgroup has no time for real-time threads)" : "";
  return fail_errno("sched: cannot be " + policy + " " + std::to_string(priority) + hint, number);
}

/// Preferred, not bound: a node that is full makes a worker slower, not dead.
Status use_node(int node) {
  BitSet<kMostNodes> set;
  set.add(static_cast<unsigned>(node));
  if (::syscall(SYS_set_mempolicy, MPOL_PREFERRED, set.data(), kMostNodes + 1) != 0)
    return fail_errno("numa: cannot prefer node " + std::to_string(node));
  return {};
}

Status lock_memory() {
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) return fail_errno("lock_memory: mlockall");
  return {};
}

}  // namespace

Status take_place(const ipc::WorkerPlacement& placement) {
  Status done;
  if (!placement.cpus.empty()) done = use_cpus(placement.cpus);
  if (done && placement.nice) done = use_nice(*placement.nice);
  if (done && placement.numa >= 0) done = use_node(placement.numa);
  if (done && placement.lock_memory) done = lock_memory();
  if (done && !placement.policy.empty()) done = use_policy(placement.policy, placement.priority);
  return done;
}

}  // namespace steady::worker
