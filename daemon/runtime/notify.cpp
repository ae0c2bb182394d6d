#include "runtime/notify.hpp"

#include <systemd/sd-daemon.h>

#include <chrono>

namespace steady::runtime {

void notify_ready() { sd_notify(0, "READY=1"); }
void notify_stopping() { sd_notify(0, "STOPPING=1"); }
void notify_alive() {
  using Clock = std::chrono::steady_clock;
  static const auto interval = [] {
    std::uint64_t microseconds = 0;
    return sd_watchdog_enabled(0, &microseconds) > 0 ? std::chrono::microseconds(microseconds / 2)
                                                     : std::chrono::microseconds::max();
  }();
  static Clock::time_point last;
  if (interval == std::chrono::microseconds::max() || Clock::now() - last < interval) return;
  last = Clock::now();
  sd_notify(0, "WATCHDOG=1");
}

void notify_status(const std::string& line) { sd_notify(0, ("STATUS=" + line).c_str()); }

}  // namespace steady::runtime
