// TCP addresses as people write them, and sockets that listen on them. Does not block; any thread.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace steady::observe {

struct ListenAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool loopback = false;
};

/// Parses "127.0.0.1:9900" or "[::1]:9900". Names are not looked up: a daemon that watches itself must come up without
/// a name server. Errors: Invalid.
[[nodiscard]] Result<ListenAddress> parse_listen(const std::string& text);

/// A bound, listening, non-blocking socket. `text` is for messages. Errors: Busy, Denied, System, naming the address.
[[nodiscard]] Result<UniqueFd> listen_on(const ListenAddress& address, const std::string& text);

/// The port that a bound socket got. Errors: System.
[[nodiscard]] Result<std::uint16_t> port_of(int fd);

/// Whether a Host header names this machine in a way that no foreign web page can arrange: "localhost" or an IP
/// literal, with or without a port. A page that re-points its own name to 127.0.0.1 still sends that name.
[[nodiscard]] bool is_safe_host(std::string_view host);

}  // namespace steady::observe
