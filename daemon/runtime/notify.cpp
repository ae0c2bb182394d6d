#include "runtime/notify.hpp"

#include <systemd/sd-daemon.h>

namespace steady::runtime {

void notify_ready() { sd_notify(0, "READY=1"); }
void notify_stopping() { sd_notify(0, "STOPPING=1"); }
void notify_status(const std::string& line) { sd_notify(0, ("STATUS=" + line).c_str()); }

}  // namespace steady::runtime
