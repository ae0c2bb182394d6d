// An ActorIo on real segments: the ports of an actor, each with its channels, and the far ends of all of them.
#pragma once

#include <fcntl.h>

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "support/ipc_bench.hpp"
#include "worker/actor_io.hpp"

namespace steady::worker::test {

using steady::test::IpcBench;
using steady::test::must;

inline constexpr std::uint64_t kNumberBytes = 8;

/// What a frame of `length` bytes takes in a ring, written down once more.
constexpr std::uint64_t padded(std::uint64_t length) { return (8 + length + 7) / 8 * 8; }

class IoBench {
 public:
  enum class Kind { Numbers, Frames };

  explicit IoBench(std::uint64_t state_bytes = 0) { type_.state_size = state_bytes; }

  /// An input port with `lanes` channels; returns its index.
  std::uint32_t add_input(Kind kind, std::size_t lanes = 1, std::uint64_t capacity_bytes = 4096) {
    const std::uint32_t port = add_port(STEADY_INPUT, kind);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const std::string channel = add_channel(kind, capacity_bytes, "x");
      ipc::InputPlan input;
      input.port = ports_[port].name;
      input.channel = channel;
      input.ring_fd = own(ipc.segments.ring_path(channel), O_RDONLY);
      input.reader_fd = own(ipc.segments.reader_path(channel, "x"), O_RDWR);
      input.bell_fd = own(ipc.segments.bell_path(channel), O_RDWR);
      plan_.inputs.push_back(std::move(input));
      inputs_.push_back(channel);
    }
    return port;
  }
  std::uint32_t add_output(Kind kind, std::uint64_t capacity_bytes = 4096) {
    const std::uint32_t port = add_port(STEADY_OUTPUT, kind);
    const std::string channel = add_channel(kind, capacity_bytes, "in");
    ipc::OutputPlan output;
    output.port = ports_[port].name;
    output.channel = channel;
    output.ring_fd = own(ipc.segments.ring_path(channel), O_RDWR);
    output.readers.push_back({"far", own(ipc.segments.reader_path(channel, "in"), O_RDONLY),
                              own(ipc.segments.bell_path("in"), O_RDWR)});
    plan_.outputs.push_back(std::move(output));
    outputs_.push_back(channel);
    return port;
  }

  /// What each generation of the worker does first. Ports and channels cannot change any more.
  ActorIo& open() {
    must(ipc.segments.ensure_bell("x"));
    must(ipc.segments.ensure_actor("x", {.state_bytes = type_.state_size, .state_version = 0, .metric_count = 0}));
    plan_.name = "x";
    plan_.segment_fd = own(ipc.segments.actor_path("x"), O_RDWR);
    plan_.bell_fd = own(ipc.segments.bell_path("x"), O_RDWR);
    type_.size = sizeof type_;
    type_.name = "x";
    type_.ports = ports_.data();
    type_.port_count = static_cast<std::uint32_t>(ports_.size());
    io_ = must(ActorIo::create(plan_, type_));
    return *io_;
  }
  [[nodiscard]] ActorIo& io() { return *io_; }

  /// The far end of the lane puts so many numbers, counting on from the last, or frames of `length` bytes.
  void put(std::size_t lane, std::size_t count, std::size_t length = 5) {
    ipc::OutputEnd far = ipc.output(inputs_[lane], {"x"});
    for (; count != 0; --count) {
      const ipc::Position at = far.position();
      if (far.message_bytes() != 0) {
        std::memcpy(far.begin(), &at.messages, kNumberBytes);
        far.publish({at.bytes + kNumberBytes, at.messages + 1});
        continue;
      }
      const steady_frame head{static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(at.messages)};
      std::memcpy(far.begin(), &head, sizeof head);
      std::memset(far.begin() + sizeof head, 'f', length);
      far.publish({at.bytes + padded(length), at.messages + 1});
    }
  }
  /// Before open(): both ends of the lane already stand here, and nothing waits.
  void begin_at(std::size_t lane, ipc::Position position) {
    ipc.output(inputs_[lane], {"x"}).publish(position);
    ipc.input(inputs_[lane], "x").publish(position);
  }
  [[nodiscard]] const std::string& input_channel(std::size_t lane) const { return inputs_[lane]; }
  [[nodiscard]] const std::string& output_channel(std::size_t output) const { return outputs_[output]; }
  ipc::ActorPlan& plan() { return plan_; }

  IpcBench ipc{};

 private:
  std::uint32_t add_port(std::uint32_t direction, Kind kind) {
    names_.push_back("p" + std::to_string(ports_.size()));
    steady_port port{};
    port.name = names_.back().c_str();
    port.help = "";
    port.direction = direction;
    port.kind = kind == Kind::Frames ? STEADY_FRAMES : STEADY_MESSAGES;
    port.flags = STEADY_PORT_MANY;
    if (kind == Kind::Numbers) port.message = {"Number", kNumberBytes, 8, nullptr, 0};
    ports_.push_back(port);
    return static_cast<std::uint32_t>(ports_.size() - 1);
  }
  std::string add_channel(Kind kind, std::uint64_t capacity_bytes, const std::string& reader) {
    const std::string name = "c" + std::to_string(inputs_.size() + outputs_.size());
    ipc.add_channel(name, {capacity_bytes, kind == Kind::Frames ? 0 : kNumberBytes, 1}, {reader});
    return name;
  }
  int own(const std::string& path, int flags) {
    owned_.push_back(IpcBench::open(path, flags));
    return owned_.back().get();
  }

  std::deque<std::string> names_{};
  std::vector<steady_port> ports_{};
  std::vector<std::string> inputs_{};
  std::vector<std::string> outputs_{};
  std::vector<UniqueFd> owned_{};
  steady_actor_type type_{};
  ipc::ActorPlan plan_{};
  std::unique_ptr<ActorIo> io_{};
};

}  // namespace steady::worker::test
