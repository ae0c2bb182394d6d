#include "observe/listen.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace steady::observe {
namespace {

constexpr int kBacklog = 128;

struct HostPort {
  std::string host;
  std::string port;  ///< may be empty
  bool bracketed = false;
};

/// "HOST", "HOST:PORT", "[V6]" or "[V6]:PORT".
std::optional<HostPort> split(std::string_view text) {
  HostPort result;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    result.bracketed = true;
    result.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
  } else {
    const auto end = std::min(text.find(':'), text.size());
    result.host = text.substr(0, end);
    text.remove_prefix(end);
  }
  if (text.empty()) return result;
  if (text.front() != ':') return std::nullopt;
  result.port = text.substr(1);
  return result;
}

std::optional<std::uint16_t> parse_port(const std::string& text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || error != std::errc() || stopped != end) return std::nullopt;
  return port;
}

template <class SocketAddress>
ListenAddress stored(const SocketAddress& address, bool loopback) {
  ListenAddress result;
  std::memcpy(&result.storage, &address, sizeof address);
  result.size = sizeof address;
  result.loopback = loopback;
  return result;
}

std::optional<ListenAddress> parse_v4(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return std::nullopt;
  return stored(address, (ntohl(address.sin_addr.s_addr) >> 24) == 127);
}

std::optional<ListenAddress> parse_v6(const std::string& host, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1) return std::nullopt;
  return stored(address, std::memcmp(&address.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0);
}

std::optional<ListenAddress> parse_ip(const HostPort& parts, std::uint16_t port) {
  return parts.bracketed ? parse_v6(parts.host, port) : parse_v4(parts.host, port);
}

}  // namespace

Result<ListenAddress> parse_listen(const std::string& text) {
  const auto parts = split(text);
  const auto port = parts ? parse_port(parts->port) : std::nullopt;
  const auto address = port ? parse_ip(*parts, *port) : std::nullopt;
  if (!address)
    return fail(ErrorCode::Invalid,
                "cannot listen on \"" + text + "\": expected ADDRESS:PORT, as 127.0.0.1:9900 or [::1]:9900");
  return *address;
}

Result<UniqueFd> listen_on(const ListenAddress& address, const std::string& text) {
  const auto context = "cannot listen on " + text;
  UniqueFd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno(context);
  // Connections of the daemon's last life may linger; they must not keep the next one from its port.
  const int yes = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) return fail_errno(context);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0)
    return fail_errno(context);
  if (::listen(fd.get(), kBacklog) != 0) return fail_errno(context);
  return fd;
}

Result<std::uint16_t> port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return fail_errno("getsockname");
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

bool is_safe_host(std::string_view host) {
  const auto parts = split(host);
  if (!parts) return false;
  if (!parts->port.empty() && !parse_port(parts->port)) return false;
  std::string name = parts->host;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return (name == "localhost" && !parts->bracketed) || parse_ip(*parts, 0).has_value();
}

}  // namespace steady::observe
