#include "control/ctl/command.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

namespace steady::control {

using nlohmann::json;

Screen screen() {
  if (::isatty(STDOUT_FILENO) != 1) return {};
  Screen result;
  const char* refused = std::getenv("NO_COLOR");
  result.colours = refused == nullptr || *refused == '\0';
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return result;
  if (size.ws_col > 0) result.width = size.ws_col;
  if (size.ws_row > 0) result.height = size.ws_row;
  return result;
}

std::string compact(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

int complain(const std::string& message, ExitCode code) {
  std::cerr << "steadyctl: " << printable(message) << '\n';
  return code;
}

Result<json> ask(const std::string& socket, const std::string& method, const json& params,
                 std::chrono::seconds patience) {
  auto client = Client::connect(socket, patience);
  // Whatever kept us from the daemon, it did not say no: Invalid is reserved for that.
  if (!client) return fail(ErrorCode::System, client.error().message);
  return client->call(method, params);
}

int refused(const Error& error) {
  return complain(error.message, error.code == ErrorCode::Invalid ? kNo : kUnreachable);
}

}  // namespace steady::control
