// Ports: declared as members of an actor, found by name from the configuration.
//
//   steady::Input<Number>         numbers{*this, "numbers"};
//   steady::Inputs<Number>        many{*this, "many"};          // any number of channels
//   steady::Input<steady::Frame>  lines{*this, "lines"};        // byte strings
//   steady::Output<Verdict>       verdicts{*this, "verdicts"};
#pragma once

#include "steady/lane.hpp"
#include "steady/message.hpp"
#include "steady/registry.hpp"

namespace steady {

/// Marks a port that may stay unconnected. What is put into such an output goes nowhere.
inline constexpr std::uint32_t kOptional = STEADY_PORT_OPTIONAL;

namespace detail {

template <class T>
steady_port describe_port(const char* name, std::uint32_t direction, std::uint32_t flags, const char* help) {
  steady_port port{};
  port.name = name;
  port.help = help;
  port.direction = direction;
  port.flags = flags;
  if constexpr (std::is_same_v<T, Frame>) {
    port.kind = STEADY_FRAMES;
  } else if constexpr (std::is_same_v<T, Any>) {
    port.kind = STEADY_ANY;
  } else {
    port.kind = STEADY_MESSAGES;
    port.message = describe_message<T>();
  }
  return port;
}

inline std::uint32_t declare(Registry& registry, Member& member, const steady_port& port) {
  registry.ports.push_back(port);
  registry.members.push_back(&member);
  return static_cast<std::uint32_t>(registry.ports.size() - 1);
}

}  // namespace detail

/// An input that takes one channel.
template <class T>
class Input final : public InputLane<T>, detail::Member {
 public:
  Input(Actor& actor, const char* name, const char* help = "", std::uint32_t flags = 0)
      : index_(detail::declare(detail::registry_of(actor), *this,
                               detail::describe_port<T>(name, STEADY_INPUT, flags, help))) {}

  /// False on an optional port without a channel; it then reads as closed and empty.
  [[nodiscard]] bool connected() const { return this->view_ != &nothing_; }
  /// For run_when: at least `count` messages wait.
  [[nodiscard]] When has(std::uint64_t count) const { return When::condition(STEADY_WHEN_INPUT, index_, count); }

 private:
  void bind(steady_io& io) override {
    const steady_port_io& port = io.ports[index_];
    nothing_.closed = 1;
    this->view_ = port.lane_count == 0 ? &nothing_ : port.lanes;
  }
  std::uint32_t index_;
  steady_view nothing_{};
};

/// An input that takes any number of channels. Iterating serves each lane once, in turn: the lane that goes first moves
/// on with every step, so none is starved.
template <class T>
class Inputs final : detail::Member {
 public:
  Inputs(Actor& actor, const char* name, const char* help = "", std::uint32_t flags = 0)
      : index_(detail::declare(detail::registry_of(actor), *this,
                               detail::describe_port<T>(name, STEADY_INPUT, flags | STEADY_PORT_MANY, help))) {}

  class Iterator {
   public:
    Iterator(const steady_port_io* port, std::uint32_t served) : port_(port), served_(served) {}
    InputLane<T> operator*() const { return InputLane<T>(port_->lanes + (port_->turn + served_) % port_->lane_count); }
    Iterator& operator++() {
      ++served_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return served_ != other.served_; }

   private:
    const steady_port_io* port_;
    std::uint32_t served_;
  };
  [[nodiscard]] Iterator begin() const { return {port_, 0}; }
  [[nodiscard]] Iterator end() const { return {port_, port_->lane_count}; }

  [[nodiscard]] std::uint32_t lane_count() const { return port_->lane_count; }
  /// Lane `index` in the order of the configuration's channels.
  [[nodiscard]] InputLane<T> lane(std::uint32_t index) const { return InputLane<T>(port_->lanes + index); }
  /// For run_when: at least `count` messages wait on some lane.
  [[nodiscard]] When has(std::uint64_t count) const { return When::condition(STEADY_WHEN_INPUT, index_, count); }

 private:
  void bind(steady_io& io) override { port_ = &io.ports[index_]; }
  std::uint32_t index_;
  const steady_port_io* port_ = nullptr;
};

/// An output; its channel may have several readers.
template <class T>
class Output final : public OutputLane<T>, detail::Member {
 public:
  Output(Actor& actor, const char* name, const char* help = "", std::uint32_t flags = 0)
      : index_(detail::declare(detail::registry_of(actor), *this,
                               detail::describe_port<T>(name, STEADY_OUTPUT, flags, help))) {}

  /// For run_when: room for `count` messages; for frames: room for one frame of `count` bytes.
  [[nodiscard]] When has_room(std::uint64_t count) const {
    if constexpr (std::is_same_v<T, Frame>) count = detail::frame_bytes(count);
    return When::condition(STEADY_WHEN_ROOM, index_, count);
  }

 private:
  void bind(steady_io& io) override { this->view_ = io.ports[index_].lanes; }
  std::uint32_t index_;
};

}  // namespace steady
