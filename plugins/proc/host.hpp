// Samples of how busy this machine is.
#pragma once

#include <chrono>
#include <cstdint>
#include <steady/actor.hpp>

#include "proc/readings.hpp"

namespace steady::proc {

struct HostSample {
  double time;         // seconds since 1970
  double cpu_percent;  // of all processors, since the sample before
  double load1;
  double load5;
  double load15;
  std::uint64_t memory_total_bytes;
  std::uint64_t memory_available_bytes;
};
BOOST_DESCRIBE_STRUCT(HostSample, (),
                      (time, cpu_percent, load1, load5, load15, memory_total_bytes, memory_available_bytes))

class Host final : public Actor {
 public:
  static constexpr About kAbout{"host", "Samples the machine's processor, load and memory."};

  void start() override;
  void step() override;

 private:
  Output<HostSample> samples_{*this, "samples", "one sample per interval"};
  Parameter<std::chrono::nanoseconds> interval_{*this, "interval", "1s", "time between two samples"};
  CpuTimes before_;
};

}  // namespace steady::proc
