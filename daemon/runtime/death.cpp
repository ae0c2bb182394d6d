#include "runtime/death.hpp"

#include <signal.h>

namespace steady::runtime {
namespace {

/// People and service managers end a process with these; code that goes wrong does not.
bool from_outside(int signal) {
  return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT;
}

bool allocation_failed(const std::string& failure) { return failure.find("std::bad_alloc") != std::string::npos; }

}  // namespace

const char* word(Cause cause) {
  switch (cause) {
    case Cause::Crash: return "crash";
    case Cause::Abort: return "abort";
    case Cause::Exception: return "exception";
    case Cause::OutOfMemory: return "out_of_memory";
    case Cause::Watchdog: return "watchdog";
    case Cause::Operator: return "operator";
    case Cause::Exit: return "exit";
    case Cause::Killed: return "killed";
    case Cause::StartFailed: return "start_failed";
  }
  return "crash";
}

Cause cause_of(const Death& death) {
  if (death.killing == Killing::Hang) return Cause::Watchdog;
  if (death.killing == Killing::Stop) return Cause::Operator;
  if (!death.was_ready) return Cause::StartFailed;
  if (allocation_failed(death.failure)) return Cause::OutOfMemory;
  if (!death.failure.empty()) return Cause::Exception;
  if (death.how.signal == SIGABRT) return Cause::Abort;
  if (death.how.signal == SIGKILL && death.oom_killer_struck) return Cause::OutOfMemory;
  if (from_outside(death.how.signal)) return Cause::Killed;
  return death.how.signal != 0 ? Cause::Crash : Cause::Exit;
}

bool own_fault(Cause cause) {
  return cause != Cause::Operator && cause != Cause::Killed && cause != Cause::StartFailed;
}

}  // namespace steady::runtime
