// What steadyd and a worker say to each other over the control socket: one JSON object per line. The first line is the
// WorkerPlan; then commands one way, events the other.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ipc/fence.hpp"
#include "ipc/ring_memory.hpp"

namespace steady::ipc {

/// The descriptor number of the control socket in every worker.
inline constexpr int kControlFd = 3;

/// The layout of a message, as topology::Message; here in the words of the protocol.
struct MessageLayout {
  struct Field {
    std::string name;
    std::string type;
    std::uint32_t offset = 0;
    std::uint32_t count = 1;
  };
  std::string name;
  std::uint32_t size = 0;  ///< 0: frames
  std::uint32_t align = 1;
  std::vector<Field> fields;
};

struct InputPlan {
  std::string port;
  std::string channel;
  std::string producer;  ///< the actor that is to blame for what is wrong in the ring
  int ring_fd = -1;      ///< read-only
  int reader_fd = -1;
  int bell_fd = -1;      ///< the producer's
  std::uint64_t min = 1;
  std::uint64_t max = 0;  ///< 0: as many as there are
  std::uint64_t max_wait_ns = 0;  ///< 0: forever
  std::uint64_t window_bytes = 0;  ///< that the producer has in flight at most; 0: as many as the ring holds
  std::optional<std::uint64_t> skip;  ///< number of a dead letter: to be stepped over if it is still next
  MessageLayout message;
  RingMemory memory;
};

struct OutputPlan {
  struct Reader {
    std::string actor;
    int page_fd = -1;  ///< read-only
    int bell_fd = -1;
  };
  std::string port;
  std::string channel;
  int ring_fd = -1;
  std::uint64_t window_bytes = 0;  ///< in flight at most; 0: as many as the ring holds
  std::vector<Reader> readers;
  RingMemory memory{};
};

/// New thresholds for one end of a channel, while its actor runs.
struct Tuning {
  std::string channel;
  std::string port;  ///< of the actor: an input, or the output that feeds the channel, to which only the window matters
  std::uint64_t min = 1;  ///< as InputPlan has it, likewise the next two
  std::uint64_t max = 0;
  std::uint64_t max_wait_ns = 0;
  std::uint64_t window_bytes = 0;
};

/// A dead letter that goes back on its channel, at the end, exactly once.
struct Replay {
  std::uint64_t ticket = 0;  ///< grows; one that is not above the actor's last is done already
  std::string channel;
  std::string payload_hex;   ///< the message, or the body of a frame
};

struct ActorPlan {
  std::string name;
  std::string plugin;  ///< for messages
  std::string type;
  std::string wait;    ///< block, adaptive, spin
  std::string thread;  ///< shared with the actors that name the same one; empty: a thread of its own
  std::uint64_t generation = 0;
  bool careful = false;  ///< the last generation died: show the messages that it had before it one by one
  bool reopen = false;  ///< its streams begin anew, even if the last generation had brought them to their end
  int plugin_fd = -1;
  int segment_fd = -1;
  int old_segment_fd = -1;  ///< a state to migrate from, or -1
  int bell_fd = -1;  ///< of its thread
  std::map<std::string, std::string> params;  ///< only those that the configuration gives
  std::vector<InputPlan> inputs;
  std::vector<OutputPlan> outputs;
};

/// Where a worker runs. What is empty stays as the process was born.
struct WorkerPlacement {
  std::vector<unsigned> cpus;
  std::optional<int> nice;
  std::string policy;  ///< fifo, rr or empty
  int priority = 1;    ///< of the policy
  int numa = -1;       ///< the node that its memory is to be on; -1: any
  bool lock_memory = false;
};

struct WorkerPlan {
  std::string worker;
  FenceMode fence = FenceMode::Full;
  bool sampling = true;  ///< measure latency, step time and batch size
  int crash_fd = -1;  ///< the crash page, writable; -1: crashes are not caught
  WorkerPlacement placement;
  bool standby = false;  ///< a spare: it prepares all of it, says so, and begins when the takeover comes
  std::vector<ActorPlan> actors;
};

/// One line, with its newline.
[[nodiscard]] std::string print(const WorkerPlan& plan);
/// Errors: Invalid. The text comes from steadyd, so an error is a bug or a mismatch of executables.
[[nodiscard]] Result<WorkerPlan> parse_worker_plan(std::string_view line);

/// The second line to a spare, once the process that it replaces is gone: what only this start knows of the plan, which
/// are the generation, careful, reopen and skip of its actors, and the thresholds and windows as they are now.
[[nodiscard]] std::string print_takeover(const WorkerPlan& plan);
/// Enters a takeover into the plan that the spare was given. Errors: Invalid; the plan is then worth nothing.
[[nodiscard]] Status take_over(WorkerPlan& plan, std::string_view line);

/// steadyd to worker.
struct Command {
  enum class Kind {
    Drain,   ///< sources come to their end; everything else follows from their closed channels
    Stop,    ///< finish the current step and exit with code 0
    Replay,  ///< the actor puts a dead letter back
    Tune,    ///< the actor's next steps see other thresholds
  } kind = Kind::Stop;
  std::string actor{};  ///< of a Replay and a Tune: of one actor only; otherwise empty
  Replay replay{};
  Tuning tuning{};
};
[[nodiscard]] std::string print(const Command& command);
[[nodiscard]] Result<Command> parse_command(std::string_view line);

/// Worker to steadyd.
struct Event {
  enum class Kind {
    Prepared,   ///< a spare has loaded and mapped what it can; it waits for its takeover
    Ready,      ///< every actor has started
    Log,        ///< a line of an actor's
    Failed,     ///< why the worker is about to exit
    Violation,  ///< the actor `peer` wrote something impossible into `channel`
    Migrated,   ///< the actor's state was taken over from an older version
    Repaired,   ///< an interrupted commit was finished
    Skipped,    ///< the dead letter `number` on `channel` was stepped over
    Replayed,   ///< the dead letter with ticket `number` is back
  } kind = Kind::Log;
  std::string actor;
  std::string level;  ///< of a Log
  std::string text;
  std::string peer;
  std::string channel;
  std::uint64_t number = 0;
};
[[nodiscard]] std::string print(const Event& event);
/// Errors: Invalid; the worker runs foreign code, so anything may come.
[[nodiscard]] Result<Event> parse_event(std::string_view line);

}  // namespace steady::ipc
