// A small HTTP/1.1 server for watching: GET and HEAD, answers made in memory. libmicrohttpd parses; it runs on the
// daemon's own libuv loop, without threads, so a slow or silent client costs a connection slot and nothing else.
// Loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

struct uv_loop_s;

namespace steady::observe {

struct Request {
  std::string method;  ///< "GET" or "HEAD"; nothing else reaches a handler
  std::string path;    ///< as sent, without the query; not percent-decoded, for no path of ours needs it
  std::string query;   ///< likewise, without the '?'; empty when there is none
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;  ///< not sent for HEAD
  std::vector<std::pair<std::string, std::string>> headers;
  bool stream = false;  ///< the body is only the beginning: all that publish() brings follows, until someone hangs up
};

/// Must answer at once. It runs on the loop thread; an exception becomes a 500.
using Handler = std::function<Response(const Request&)>;

/// What one client may cost. The defaults suit a handful of scrapers and browsers.
struct HttpLimits {
  unsigned connections = 256;                      ///< further ones wait in the kernel's backlog
  unsigned streams = 64;                           ///< of them; further ones are answered 503
  std::chrono::milliseconds request_time{10'000};  ///< from connect, or the last answer, to the end of a request
  std::chrono::milliseconds answer_time{60'000};   ///< for the client to take the whole answer
};

class HttpServer {
 public:
  /// Listens on "ADDR:PORT" ("127.0.0.1:9900", "[::1]:0"; port 0 lets the kernel choose).
  /// Errors: Invalid for an address that is no IP literal with a port; Busy or Denied, naming the address, when it
  /// cannot be taken; System for the rest.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> create(uv_loop_s* loop, const std::string& listen,
                                                                  Handler handler, HttpLimits limits = {});

  /// Drops all connections. The loop must run once more to release the handles.
  virtual ~HttpServer() = default;

  /// Sends `part` to every stream. One that has not yet taken the part before gets only the later one: a reader that
  /// is slow misses parts, whole ones, and costs the memory of two.
  virtual void publish(std::string part) = 0;
  [[nodiscard]] virtual std::size_t streams() const = 0;

  /// The port in use, also when 0 was asked for.
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace steady::observe
