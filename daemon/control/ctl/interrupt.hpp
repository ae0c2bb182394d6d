// Ctrl-C as a question that a loop asks. One thread.
#pragma once

#include <chrono>

namespace steady::control {

/// From here on SIGINT and SIGTERM are noted, and interrupt what waits, instead of ending the program.
void note_interrupts();
[[nodiscard]] bool interrupted();

/// Sleeps, or until a signal comes.
void pause_for(std::chrono::nanoseconds duration);

}  // namespace steady::control
