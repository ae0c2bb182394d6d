// One blocking connection to the daemon's control socket. Any thread, one at a time.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace steady::control {

/// Where the daemon listens unless --socket says otherwise: $STEADY_SOCKET, else steadyd.sock in the runtime directory
/// ($RUNTIME_DIRECTORY, /run/steadyd for root, $XDG_RUNTIME_DIR/steadyd for others).
[[nodiscard]] std::string default_socket_path();

class Client {
 public:
  /// Errors: any, when nobody answers at `path`; the message names it.
  [[nodiscard]] static Result<Client> connect(const std::string& path);

  /// Asks one question and waits up to half a minute for the answer.
  /// Errors: Invalid when the daemon's answer is an error, with its message; Timeout, Corrupt or System when there is
  /// no usable answer.
  [[nodiscard]] Result<nlohmann::json> call(const std::string& method, const nlohmann::json& params);

 private:
  explicit Client(UniqueFd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] Status send(std::string text);
  [[nodiscard]] Result<std::string> receive_line();

  UniqueFd fd_;
};

}  // namespace steady::control
