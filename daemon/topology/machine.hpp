// What a machine allows a worker, as a plain value: placement.hpp holds wishes against it, runtime/machine reads it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace steady::topology {

struct Machine {
  std::vector<unsigned> online_cpus;
  std::vector<unsigned> allowed_cpus;                ///< those that a worker may choose from
  std::map<unsigned, std::vector<unsigned>> nodes;   ///< NUMA nodes whose memory a worker may use; their CPUs
  int nice = 0;                                      ///< that a worker inherits
  std::uint64_t nice_limit = 0;                      ///< RLIMIT_NICE: 20 minus the lowest value that may be set
  std::uint64_t real_time_limit = 0;                 ///< RLIMIT_RTPRIO: the highest priority that may be set
  std::optional<std::uint64_t> lock_limit_bytes;     ///< RLIMIT_MEMLOCK; empty: no limit
  bool has_sys_nice = false;                         ///< a worker has CAP_SYS_NICE
  bool has_ipc_lock = false;                         ///< a worker has CAP_IPC_LOCK
  std::uint64_t huge_page_bytes = 0;                 ///< 0: the kernel has no transparent huge pages
  std::string shmem_huge_pages;                      ///< the setting of the kernel for memory that is shared
  bool can_collapse = false;                         ///< MADV_COLLAPSE, since Linux 6.1
  bool runs_in_memory = true;                        ///< channels are on a tmpfs
};

}  // namespace steady::topology
