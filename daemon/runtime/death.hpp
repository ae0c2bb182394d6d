// What a worker died of, in one word for metrics and incidents. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "process/process.hpp"

namespace steady::runtime {

enum class Cause : std::uint8_t {
  Crash,        ///< a signal that its own code raised
  Abort,        ///< abort(), also of an exception that nobody caught
  Exception,    ///< start, step or finish threw, or the actor called it failed
  OutOfMemory,  ///< the kernel's OOM killer, or an allocation that failed
  Watchdog,     ///< a step that did not return, killed by steadyd
  Operator,     ///< killed by steadyd because it would not stop
  Exit,         ///< it called exit
  Killed,       ///< a signal from outside
  StartFailed,  ///< before it was ready, whatever the way
};
inline constexpr Cause kCauses[] = {Cause::Crash,    Cause::Abort,    Cause::Exception, Cause::OutOfMemory, Cause::Watchdog,
                                    Cause::Operator, Cause::Exit,     Cause::Killed,    Cause::StartFailed};

/// "crash", "abort", "exception", "out_of_memory", "watchdog", "operator", "exit", "killed", "start_failed".
[[nodiscard]] const char* word(Cause cause);

/// Why steadyd itself sent SIGKILL.
enum class Killing : std::uint8_t { None, Hang, StartTimeout, Stop };

struct Death {
  process::Ended how;
  bool was_ready = true;
  std::string failure;             ///< what an actor said before it ended the process; may be empty
  Killing killing = Killing::None;
  bool oom_killer_struck = false;  ///< it killed some process of this machine since the last look
};

[[nodiscard]] Cause cause_of(const Death& death);

/// The actor's own code may be to blame, and with it the message that it was working on.
[[nodiscard]] bool own_fault(Cause cause);

}  // namespace steady::runtime
