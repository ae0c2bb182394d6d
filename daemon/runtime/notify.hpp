// What systemd is told (Type=notify); without systemd every call does nothing.
#pragma once

#include <string>

namespace steady::runtime {

void notify_ready();
void notify_stopping();
/// One line for `systemctl status`.
void notify_status(const std::string& line);

}  // namespace steady::runtime
