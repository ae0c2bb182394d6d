// A raw client of a server under test, for what no proper client would send.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"

namespace steady::test {

/// Every read ends by the watchdog at the latest.
class Peer {
 public:
  template <class Address>
  explicit Peer(const Address& address)
      : fd_(::socket(reinterpret_cast<const sockaddr&>(address).sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    constexpr timeval kWatchdog{30, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &kWatchdog, sizeof kWatchdog);
    connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  [[nodiscard]] bool connected() const { return connected_; }

  bool send(std::string_view text) {
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// Sends no more.
  void finish() { ::shutdown(fd_.get(), SHUT_WR); }

  /// Everything until `part` has come; "TIMEOUT" at the end when it does not.
  std::string read_until(std::string_view part) {
    std::string text;
    while (text.find(part) == std::string::npos)
      if (read_more(text) <= 0) return text + "TIMEOUT";
    return text;
  }
  /// Everything until the server hangs up; "TIMEOUT" at the end when it does not.
  std::string read_all() {
    std::string text;
    ssize_t count = 0;
    do {
      count = read_more(text);
    } while (count > 0);
    return count < 0 && errno == EAGAIN ? text + "TIMEOUT" : text;
  }

 private:
  ssize_t read_more(std::string& text) {
    char buffer[65536];
    const ssize_t count = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
    return count;
  }

  UniqueFd fd_;
  bool connected_ = false;
};

}  // namespace steady::test
