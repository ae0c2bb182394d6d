// One blocking connection to the daemon's control socket. Any thread, one at a time.
#pragma once

#include <chrono>
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
  static constexpr std::chrono::seconds kPatience{30};

  /// Errors: any, when nobody answers at `path`; the message names it.
  [[nodiscard]] static Result<Client> connect(const std::string& path, std::chrono::seconds patience = kPatience);

  /// Asks one question and waits for the answer, as long as the patience lasts.
  /// Errors: Invalid when the daemon's answer is an error, with its message; Timeout, Corrupt or System when there is
  /// no usable answer.
  [[nodiscard]] Result<nlohmann::json> call(const std::string& method, const nlohmann::json& params);

 private:
  Client(UniqueFd fd, std::chrono::seconds patience) : fd_(std::move(fd)), patience_(patience) {}
  [[nodiscard]] Status send(std::string text);
  [[nodiscard]] Result<std::string> receive_line();
  [[nodiscard]] tl::unexpected<Error> no_answer() const;

  UniqueFd fd_;
  std::chrono::seconds patience_;
};

}  // namespace steady::control
