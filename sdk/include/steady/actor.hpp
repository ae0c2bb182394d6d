// Writing an actor: derive from steady::Actor, declare ports, parameters and state as members, implement step(), and
// name the class in STEADY_PLUGIN. The manual is sdk/README.md.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "steady/abi.h"
#include "steady/message.hpp"
#include "steady/parameter.hpp"
#include "steady/port.hpp"
#include "steady/registry.hpp"
#include "steady/state.hpp"
#include "steady/when.hpp"

namespace steady {

/// How a type presents itself. A class without one is called by its own name:
///   static constexpr steady::About kAbout{"tail", "Follows a file and sends its lines."};
struct About {
  const char* name;
  const char* help;
};

/// The base of every actor. The constructor declares, and does nothing else: it also runs when the plugin is merely
/// described. All calls come from one thread.
class Actor {
 public:
  Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;
  virtual ~Actor() = default;

  /// Once per generation, before the first step. A transaction that may change state; ports are empty.
  virtual void start() {}

  /// The work. Everything that it takes, puts and changes takes effect together when it returns; if it throws, or the
  /// process dies, nothing does.
  virtual void step() = 0;

  /// All inputs are closed and empty, or a source was asked to stop: the last chance to put what is left. Returns false
  /// to be called again once the outputs have room. A transaction like step.
  virtual bool finish() { return true; }

  /// Turns the state of another version into today's: write it through State. Returns false to refuse; the old state
  /// is then kept, and the actor does not start.
  virtual bool migrate(std::span<const std::byte> /*old_state*/, std::uint32_t /*old_version*/) { return false; }

 protected:
  /// How often this actor was started before; 0 at first.
  [[nodiscard]] std::uint64_t generation() const { return registry_.io->generation; }
  /// The service is stopping.
  [[nodiscard]] bool stopping() const { return registry_.io->stopping != 0; }
  /// Time of the monotonic clock (of the test's, in a test).
  [[nodiscard]] std::chrono::nanoseconds now() const {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(registry_.host->now(registry_.host->context)));
  }

  /// When to run from now on; callable from the constructor, start and step. Without it: as soon as any input has a
  /// message and every output has room for one.
  void run_when(const When& when) {
    registry_.when = when;
    if (registry_.io != nullptr) apply_when();
  }
  /// This step runs because `every(...)` is due.
  [[nodiscard]] bool timer_fired() const {
    for (std::uint32_t i = 0; i < registry_.io->condition_count; ++i)
      if (registry_.io->conditions[i].fired != 0) return true;
    return false;
  }
  /// A source has come to its end: with this step its outputs close.
  void end() { registry_.io->finished = 1; }

  /// One line on the actor's box in the graph, at most 127 bytes. Takes effect at once, like log lines do.
  void note(std::string_view text) { registry_.host->note(registry_.host->context, text.data(), text.size()); }
  void debug(std::string_view text) { log(STEADY_DEBUG, text); }
  void info(std::string_view text) { log(STEADY_INFO, text); }
  void warn(std::string_view text) { log(STEADY_WARN, text); }
  void error(std::string_view text) { log(STEADY_ERROR, text); }

 private:
  friend detail::Registry& detail::registry_of(Actor& actor);
  template <class A>
  friend struct Bridge;

  void log(std::uint32_t level, std::string_view text) {
    registry_.host->log(registry_.host->context, level, text.data(), text.size());
  }
  void apply_when() {
    const auto conditions = registry_.when.conditions();
    std::copy(conditions.begin(), conditions.end(), registry_.io->conditions);
    registry_.io->condition_count = static_cast<std::uint32_t>(conditions.size());
    registry_.io->conditions_changed = 1;
  }

  detail::Registry registry_;
};

namespace detail {
inline Registry& registry_of(Actor& actor) { return actor.registry_; }
}  // namespace detail

/// The C functions of one actor class. No exception leaves them.
template <class A>
struct Bridge {
  /// The descriptor of A, learned from constructing one.
  static const steady_actor_type& type() {
    static const Described described;
    return described.type;
  }

 private:
  struct Described {
    Described() {
      A sample;
      registry = std::make_unique<detail::Registry>();
      static_cast<Actor&>(sample).registry_.members.clear();
      *registry = static_cast<Actor&>(sample).registry_;
      type.size = sizeof type;
      type.name = detail::type_name_c<A>();
      type.help = "";
      if constexpr (requires { A::kAbout; }) {
        type.name = A::kAbout.name;
        type.help = A::kAbout.help;
      }
      type.ports = registry->ports.data();
      type.port_count = static_cast<std::uint32_t>(registry->ports.size());
      type.parameters = registry->parameters.data();
      type.parameter_count = static_cast<std::uint32_t>(registry->parameters.size());
      type.metrics = registry->metrics.data();
      type.metric_count = static_cast<std::uint32_t>(registry->metrics.size());
      type.state_size = registry->state_size;
      type.state_version = registry->state_version;
      type.state_flags = registry->state_flags;
      type.create = create;
      type.start = start;
      type.step = step;
      type.finish = finish;
      type.migrate = migrate;
      type.destroy = destroy;
    }
    std::unique_ptr<detail::Registry> registry;
    steady_actor_type type{};
  };

  static void* create(const steady_actor_type*, const steady_host* host, steady_io* io) {
    Actor* actor = nullptr;
    guarded(host, [&] {
      auto created = std::make_unique<A>();
      Actor& base = *created;
      base.registry_.host = host;
      base.registry_.io = io;
      for (detail::Member* member : base.registry_.members) member->bind(*io);
      base.apply_when();
      actor = created.release();
      return 0;
    });
    return actor;
  }
  static int start(void* self) {
    return guarded(self, [](Actor& actor) {
      actor.start();
      return 0;
    });
  }
  static int step(void* self) {
    return guarded(self, [](Actor& actor) {
      if constexpr (requires(A& own) { own.A::step(); })
        static_cast<A&>(actor).A::step();  // a call that can be inlined
      else
        actor.step();
      return 0;
    });
  }
  static int finish(void* self) {
    return guarded(self, [](Actor& actor) { return actor.finish() ? 0 : 1; });
  }
  static int migrate(void* self, const void* old_state, std::uint64_t old_size, std::uint32_t old_version) {
    return guarded(self, [&](Actor& actor) {
      return actor.migrate({static_cast<const std::byte*>(old_state), old_size}, old_version) ? 0 : 1;
    });
  }
  static void destroy(void* self) { delete static_cast<Actor*>(self); }

  template <class Call>
  static int guarded(void* self, const Call& call) {
    Actor& actor = *static_cast<Actor*>(self);
    return guarded(actor.registry_.host, [&] { return call(actor); });
  }
  /// Runs `call`; an exception becomes host->fail and -1.
  template <class Call>
  static int guarded(const steady_host* host, const Call& call) {
    try {
      return call();
    } catch (const std::exception& error) {
      return fail(host, std::string("exception: ") + error.what());
    } catch (...) {
      return fail(host, "exception of a type that is no std::exception");
    }
  }
  static int fail(const steady_host* host, const std::string& what) {
    host->fail(host->context, what.data(), what.size());
    return -1;
  }
};

namespace detail {

template <class... Actors>
const steady_plugin_info* plugin_info(const char* name, const char* version) {
  static steady_plugin_info info{sizeof(steady_plugin_info), STEADY_ABI_VERSION, name, version, nullptr, 0, nullptr};
  static std::string error;
  try {
    static const std::array<const steady_actor_type*, sizeof...(Actors)> types{&Bridge<Actors>::type()...};
    info.types = types.data();
    info.type_count = sizeof...(Actors);
  } catch (const std::exception& thrown) {
    error = std::string("a constructor threw: ") + thrown.what();
    info.error = error.c_str();
  } catch (...) {
    info.error = "a constructor threw something that is no std::exception";
  }
  return &info;
}

}  // namespace detail
}  // namespace steady

#ifndef STEADY_PLUGIN_NAME
#define STEADY_PLUGIN_NAME "unnamed"
#endif
#ifndef STEADY_PLUGIN_VERSION
#define STEADY_PLUGIN_VERSION "0"
#endif

/// Makes the library a plugin that offers these actor classes. Once, at namespace scope, in one source file.
#define STEADY_PLUGIN(...)                                                                          \
  STEADY_STAMP;                                                                                     \
  extern "C" __attribute__((visibility("default"))) const steady_plugin_info* steady_plugin(void) { \
    return ::steady::detail::plugin_info<__VA_ARGS__>(STEADY_PLUGIN_NAME, STEADY_PLUGIN_VERSION);   \
  }
