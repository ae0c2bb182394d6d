#include "control/ctl/interrupt.hpp"

#include <signal.h>
#include <time.h>

namespace steady::control {
namespace {

volatile sig_atomic_t noted = 0;

}  // namespace

void note_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { noted = 1; };
  ::sigaction(SIGINT, &action, nullptr);  // without SA_RESTART: a read that waits returns
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return noted != 0; }

void pause_for(std::chrono::nanoseconds duration) {
  constexpr std::chrono::nanoseconds::rep kSecond = 1'000'000'000;
  const timespec time{static_cast<time_t>(duration.count() / kSecond), static_cast<long>(duration.count() % kSecond)};
  ::nanosleep(&time, nullptr);
}

}  // namespace steady::control
