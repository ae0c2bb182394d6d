#include "runtime/machine.hpp"

#include <doctest/doctest.h>
#include <linux/capability.h>

#include <algorithm>
#include <string>

namespace steady::runtime {
namespace {

std::string status(const std::string& uid, const std::string& sets, const std::string& more = "") {
  return "Name:\tsteadyd\nUid:\t" + uid + "\nGid:\t0\t0\t0\t0\n" + sets + more;
}

const std::string kSets =
    "CapInh:\t0000000000000001\nCapPrm:\t000000000000000e\nCapEff:\t000000000000000e\nCapBnd:\t0000000000000016\n"
    "CapAmb:\t0000000000000008\n";

}  // namespace

TEST_SUITE("runtime/machine") {
  TEST_CASE("what root executes has all that is bounded or inherited, less where nothing may be gained") {
    CHECK(capabilities_after_exec(status("0\t0\t0\t0", kSets)) == 0x17);
    CHECK(capabilities_after_exec(status("1000\t0\t0\t0", kSets)) == 0x17);
    CHECK(capabilities_after_exec(status("0\t0\t0\t0", kSets, "NoNewPrivs:\t1\n")) == 0x06);
  }

  TEST_CASE("what others execute has the ambient capabilities, whatever they have themselves") {
    CHECK(capabilities_after_exec(status("1000\t1000\t1000\t1000", kSets)) == 0x08);
    CHECK(capabilities_after_exec(status("1000\t1000\t1000\t1000", kSets, "NoNewPrivs:\t1\n")) == 0x08);
    CHECK(capabilities_after_exec("") == 0);
    CHECK(capabilities_after_exec("Uid:\nCapBnd") == 0);
  }

  TEST_CASE("this machine has CPUs, and those that may be chosen are online") {
    const topology::Machine machine = read_machine("/dev/shm");
    CHECK_FALSE(machine.online_cpus.empty());
    CHECK_FALSE(machine.allowed_cpus.empty());
    CHECK(std::includes(machine.online_cpus.begin(), machine.online_cpus.end(), machine.allowed_cpus.begin(),
                        machine.allowed_cpus.end()));
    CHECK(machine.runs_in_memory);
    CHECK_FALSE(read_machine("/proc").runs_in_memory);
  }
}

}  // namespace steady::runtime
