// `steadyctl inject` and `replay`: messages from a file onto a channel, each exactly once. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "control/ctl/channel.hpp"

namespace steady::control {

/// Hands messages to the daemon in numbered batches and waits until they are in the ring. A batch whose answer was lost
/// is sent again; the daemon knows the numbers that it has.
class Injector {
 public:
  Injector(std::string socket, std::string channel);

  /// Errors: Invalid when the daemon refuses; Timeout when it was gone for too long or Ctrl-C came.
  [[nodiscard]] Status add(std::string payload);
  /// Sends the rest and waits until everything is in.
  [[nodiscard]] Status finish();
  /// What is stored, or at least was when the daemon was last heard of.
  [[nodiscard]] std::uint64_t stored() const { return stored_; }
  /// Of these, what is in the ring.
  [[nodiscard]] std::uint64_t in_ring() const { return stored_ - waiting_; }
  [[nodiscard]] const std::string& channel() const { return channel_; }

 private:
  [[nodiscard]] Status flush();
  [[nodiscard]] Status wait_until(std::uint64_t waiting);
  [[nodiscard]] Result<nlohmann::json> ask(const std::string& method, const nlohmann::json& params);
  void note(const nlohmann::json& report);

  std::string socket_;
  std::string channel_;
  std::string injection_;
  std::vector<std::string> batch_;
  std::size_t batch_bytes_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t stored_ = 0;
  std::uint64_t waiting_ = 0;
  std::string said_;
};

/// From `file`, or stdin when it is empty or "-". Returns the exit code.
int inject_file(const std::string& socket, const std::string& channel, const std::string& file, bool raw);

/// A recording onto the channel that it was made of, or onto `channel` when that is not empty. Returns the exit code.
int replay_file(const std::string& socket, const std::string& file, const std::string& channel);

}  // namespace steady::control
