// What systemd is told (Type=notify); without systemd every call does nothing.
#pragma once

#include <string>

namespace steady::runtime {

void notify_ready();
void notify_stopping();
/// Answers systemd's watchdog (WatchdogSec=); at most every half of its time, so call as often as you like.
void notify_alive();
/// One line for `systemctl status`.
void notify_status(const std::string& line);

}  // namespace steady::runtime
