#include "control/ctl/client.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

namespace steady::control {
namespace {

using nlohmann::json;

constexpr std::size_t kAnswerBytesMax = 256 * 1024 * 1024;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string runtime_directory() {
  if (const auto given = environment("RUNTIME_DIRECTORY"); !given.empty()) return given;
  const auto users_own = environment("XDG_RUNTIME_DIR");
  return ::geteuid() == 0 || users_own.empty() ? "/run/steadyd" : users_own + "/steadyd";
}

Status limit_patience(int fd, std::chrono::seconds patience) {
  const timeval limit{patience.count(), 0};
  for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO})
    if (::setsockopt(fd, SOL_SOCKET, direction, &limit, sizeof limit) != 0) return fail_errno("setsockopt");
  return {};
}

}  // namespace

std::string default_socket_path() {
  const auto given = environment("STEADY_SOCKET");
  return given.empty() ? runtime_directory() + "/steadyd.sock" : given;
}

Result<Client> Client::connect(const std::string& path, std::chrono::seconds patience) {
  const auto context = "cannot reach steadyd at " + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(ErrorCode::Invalid, context + ": a socket path has 1 to 107 bytes");
  std::memcpy(address.sun_path, path.data(), path.size());

  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno(context);
  if (auto status = limit_patience(fd.get(), patience); !status) return tl::unexpected<Error>(status.error());
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return fail_errno(context);
  return Client(std::move(fd), patience);
}

tl::unexpected<Error> Client::no_answer() const {
  if (errno == EAGAIN)
    return fail(ErrorCode::Timeout, "steadyd did not answer within " + std::to_string(patience_.count()) + " s");
  return fail_errno("the connection to steadyd");
}

Status Client::send(std::string text) {
  text += '\n';
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t count = ::send(fd_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    // A daemon that refuses this user says so and hangs up; what it said is worth more than this error.
    if (count < 0 && errno == EPIPE) return {};
    if (count < 0 && errno != EINTR) return no_answer();
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  return {};
}

Result<std::string> Client::receive_line() {
  std::string line;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return no_answer();
    if (count == 0) return fail(ErrorCode::System, "steadyd closed the connection without an answer");
    line.append(buffer.data(), static_cast<std::size_t>(count));
    if (line.back() == '\n') return line;  // one question, one answer: nothing can follow it
    if (line.size() > kAnswerBytesMax) return fail(ErrorCode::Corrupt, "steadyd's answer does not end");
  }
}

Result<json> Client::call(const std::string& method, const json& params) {
  const json request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
  if (auto sent = send(request.dump(-1, ' ', false, json::error_handler_t::replace)); !sent)
    return tl::unexpected<Error>(sent.error());
  const auto line = receive_line();
  if (!line) return tl::unexpected<Error>(line.error());

  const json answer = json::parse(*line, nullptr, false);
  if (!answer.is_object()) return fail(ErrorCode::Corrupt, "steadyd's answer is no JSON object");
  if (answer.contains("result")) return answer["result"];
  const auto message = json::json_pointer("/error/message");
  if (answer.contains(message) && answer[message].is_string())
    return fail(ErrorCode::Invalid, answer[message].get<std::string>());
  return fail(ErrorCode::Corrupt, "steadyd's answer has neither a result nor an error");
}

}  // namespace steady::control
