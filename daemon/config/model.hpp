// What a configuration file says, checked by itself but not yet held against the plugins it names (topology does that).
// Plain values, immutable after load. Every value that can still be wrong later keeps the place it came from.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace steady::config {

/// A place in the user's file. Lines and columns count from 1; 0 means "the file as a whole".
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
};

/// One thing that is wrong: "FILE:LINE:COLUMN: KEY PATH: message".
struct Diagnostic {
  Position position;
  std::string key;      ///< "actors.parse.restart"; empty for the file as a whole
  std::string message;  ///< what was expected and what was found, as one sentence without a full stop

  [[nodiscard]] std::string text() const;
};
using Diagnostics = std::vector<Diagnostic>;

/// One diagnostic per line, each line ended.
[[nodiscard]] std::string print(const Diagnostics& diagnostics);

/// Orders by place: `first_file` before the others, those by name, then by line and column; equal ones are merged.
void sort(Diagnostics& diagnostics, const std::string& first_file);

enum class Restart { Permanent, Transient, Temporary };
enum class Strategy { OneForOne, OneForAll, RestForOne };
enum class Wait { Block, Adaptive, Spin };
enum class Life { Memory, Disk };
enum class WhenFull { Block, DropNew };
enum class OnGiveUp { Degrade, Exit };
enum class Poison { DeadLetter, Stop, Keep };
enum class LogFormat { Auto, Human, Json, Journald };
enum class Colour { Yellow, Orange, Red };
/// What a trigger looks at. Of a channel: Fill, Inflight, Rate, Latency. Of an actor: the rest.
enum class Measure { Fill, Inflight, Rate, Latency, Cpu, Memory, Step, Batch, Steps, Blocked, Idle };
enum class AutoShutdown { Never, AnySignificant, AllSignificant };
enum class RealTime { Fifo, RoundRobin };

/// A scalar as the user wrote it, `${VAR}` expanded; its type is the plugin's to say.
struct Scalar {
  std::string text;
  Position position;
};

/// How a child is stopped. `grace` empty means infinity; zero means brutal_kill.
struct Shutdown {
  std::optional<std::chrono::nanoseconds> grace = std::chrono::seconds(5);
};

/// Latency control of one input port.
struct InputTuning {
  std::uint64_t min = 1;                          ///< messages that must wait before a step runs
  std::optional<std::uint64_t> max;               ///< messages that a step sees at most
  std::optional<std::chrono::nanoseconds> max_wait;  ///< run with fewer than `min` once the oldest waited this long
  Position position;
};

/// How the values of the last seconds become one number.
struct Aggregate {
  enum class Kind { Now, Mean, Min, Max, Deviation, Percentile } kind = Kind::Now;
  double percent = 0;  ///< of a Percentile, 0 to 100
};

/// A condition on what an actor or channel does: `{when: fill.p90 > 80%, for: 2s, colour: red}`.
struct Trigger {
  std::string when;  ///< as the user wrote it, with single blanks
  Measure measure = Measure::Fill;
  Aggregate aggregate;
  bool above = true;
  double threshold = 0;  ///< in base units: ratio, messages, per second, seconds, bytes, cores
  std::chrono::nanoseconds hold = std::chrono::nanoseconds(0);  ///< it must hold for so long before it counts
  Colour colour = Colour::Yellow;
  std::vector<std::string> command;  ///< run when it becomes active and when it ends; empty: none
  Position position;
};

/// Threads that run before all ordinary ones, until they sleep.
struct Scheduling {
  RealTime policy = RealTime::Fifo;
  unsigned priority = 1;  ///< 1 to 99; the higher one runs

  [[nodiscard]] bool operator==(const Scheduling&) const = default;
};

/// Where a worker runs and where its memory is. What is empty is left to the machine.
struct Placement {
  std::optional<std::vector<unsigned>> cpus;  ///< ascending, each once, at least one
  std::optional<int> nice;
  std::optional<Scheduling> sched;
  std::optional<unsigned> numa;     ///< memory comes from this node, and the CPUs are its own unless `cpus` says otherwise
  std::optional<bool> lock_memory;  ///< all of the worker's memory stays in RAM
};

/// Where a channel's memory is.
struct ChannelPlacement {
  std::optional<unsigned> numa;  ///< of this node only
  bool lock_memory = false;      ///< stays in RAM and mapped while an end is open
  bool huge_pages = false;
};

struct Actor {
  std::string name;
  std::string plugin;
  std::string type;  ///< empty when the plugin has just one
  std::map<std::string, Scalar> params;
  std::map<std::string, InputTuning> inputs;
  Restart restart = Restart::Permanent;
  Shutdown shutdown;
  bool significant = false;
  Wait wait = Wait::Adaptive;
  std::optional<Life> life;  ///< of its state; empty: what the actor type asks for
  std::chrono::nanoseconds start_timeout = std::chrono::seconds(10);  ///< from spawn to ready
  std::optional<std::chrono::nanoseconds> watchdog;  ///< longest time that one step may take; empty: any
  Poison poison = Poison::DeadLetter;  ///< what becomes of a message that kills it again and again
  unsigned max_deliveries = 3;         ///< deaths on one message before that
  std::string worker;        ///< shared worker; empty: one of its own
  std::string thread;        ///< thread of that worker, shared with the actors that name the same one; empty: its own
  bool standby = false;      ///< a loaded spare stands beside its worker and takes over when that dies
  Placement placement;       ///< of its worker; a shared one has what any of its actors says
  std::vector<Trigger> triggers;
  Position position;
};

struct Endpoint {
  std::string actor;
  std::string port;
  Position position;

  [[nodiscard]] std::string text() const { return actor + "." + port; }
  [[nodiscard]] bool operator==(const Endpoint& other) const { return actor == other.actor && port == other.port; }
};

struct Channel {
  std::string name;  ///< "actor.port" of its producer: an output port feeds exactly one channel
  Endpoint from;
  std::vector<Endpoint> to;               ///< at least one; more than one is a broadcast
  std::optional<std::uint64_t> capacity;  ///< messages for a message port, bytes for a frame port
  std::optional<std::uint64_t> window;    ///< how many of them may be in flight; empty: all
  Life life = Life::Memory;
  WhenFull when_full = WhenFull::Block;
  bool injectable = false;  ///< an operator may add messages while the producer runs
  ChannelPlacement placement;
  std::vector<Trigger> triggers;
  Position position;
};

/// All channels on any route between two actors, and how old messages may be when they arrive.
struct Path {
  std::string from;
  std::string to;
  std::chrono::nanoseconds latency_target = std::chrono::nanoseconds(0);  ///< of the 99th percentile
  Position position;

  [[nodiscard]] std::string text() const { return from + " -> " + to; }
};

struct Backoff {
  std::chrono::nanoseconds first = std::chrono::nanoseconds(0);      ///< before the first restart
  std::chrono::nanoseconds min = std::chrono::milliseconds(100);     ///< before the second
  std::chrono::nanoseconds max = std::chrono::seconds(30);           ///< ceiling
  double factor = 2;                                                 ///< each further restart waits this much longer
  double jitter = 0.2;                                               ///< each wait is spread by ± this part
  std::chrono::nanoseconds stable = std::chrono::seconds(60);        ///< ready for this long starts over at `first`
};

struct Supervisor {
  /// A child is an actor's name or a supervisor of its own.
  using Child = std::variant<std::string, Supervisor>;

  std::string name = "root";
  Strategy strategy = Strategy::OneForOne;
  unsigned intensity = 5;  ///< restarts allowed within `period`
  std::chrono::nanoseconds period = std::chrono::seconds(10);
  Backoff backoff;
  Shutdown shutdown{std::nullopt};
  bool significant = false;
  Restart restart = Restart::Permanent;
  AutoShutdown auto_shutdown = AutoShutdown::Never;
  OnGiveUp on_give_up = OnGiveUp::Degrade;
  std::vector<Child> children;
  Position position;
};

struct Telemetry {
  std::string listen = "127.0.0.1:9900";  ///< "" or "off": no HTTP
  std::chrono::nanoseconds frame = std::chrono::milliseconds(100);
  bool sampling = true;  ///< latency, step time and batch size are measured in the workers
  std::string otlp;      ///< URL of an OTLP/HTTP receiver that metrics are pushed to; empty: none
  std::chrono::nanoseconds otlp_interval = std::chrono::seconds(10);
  Position position;
};

struct Graph {
  std::string file;
  std::string name = "steadyd";
  Telemetry telemetry;
  LogFormat log = LogFormat::Auto;
  std::chrono::nanoseconds drain_timeout = std::chrono::seconds(5);  ///< for the streams to run empty at a stop
  std::vector<std::string> plugin_path;  ///< directories searched before the installed ones, relative to the file
  std::vector<Actor> actors;             ///< in file order
  std::vector<Channel> channels;         ///< in file order
  std::vector<Path> paths;               ///< in file order
  Supervisor supervision;                ///< every actor is in it exactly once

  [[nodiscard]] const Actor* find_actor(std::string_view actor_name) const;
};

}  // namespace steady::config
