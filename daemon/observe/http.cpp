#include "observe/http.hpp"

#include <microhttpd.h>
#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "base/log.hpp"
#include "base/uv_handle.hpp"
#include "observe/listen.hpp"

namespace steady::observe {
namespace {

// Holds a request's line and headers, and the head of the answer.
constexpr std::size_t kConnectionMemoryBytes = 16 * 1024;
// How late a deadline may be noticed.
constexpr std::chrono::milliseconds kDeadlineTick{1000};

using Clock = std::chrono::steady_clock;

struct StopDaemon {
  void operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }
};
struct DestroyResponse {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};
using DaemonPtr = std::unique_ptr<MHD_Daemon, StopDaemon>;
using ResponsePtr = std::unique_ptr<MHD_Response, DestroyResponse>;

/// What one request carries from its first line to its end.
struct Exchange {
  std::string target;  ///< path and query as sent
  bool headers_seen = false;
};

Response plain(unsigned status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

/// The library copies the body, so it takes a pointer to what it will not change.
ResponsePtr whole_response(const Response& response) {
  return ResponsePtr(MHD_create_response_from_buffer(response.body.size(), const_cast<char*>(response.body.data()),
                                                     MHD_RESPMEM_MUST_COPY));
}

ResponsePtr with_headers(ResponsePtr result, const Response& response) {
  if (!result) return result;
  const auto add = [&](const char* name, const std::string& value) {
    if (MHD_add_response_header(result.get(), name, value.c_str()) != MHD_YES)
      log::warn("HTTP header dropped", {{"header", name}});
  };
  add("Content-Type", response.content_type);
  add("X-Content-Type-Options", "nosniff");
  add("Referrer-Policy", "no-referrer");
  add("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  for (const auto& [name, value] : response.headers) add(name.c_str(), value);
  return result;
}

MHD_Result queue(MHD_Connection* connection, const Response& response, ResponsePtr body) {
  const ResponsePtr mhd = with_headers(std::move(body), response);
  return mhd ? MHD_queue_response(connection, response.status, mhd.get()) : MHD_NO;
}

MHD_Result queue(MHD_Connection* connection, const Response& response) {
  return queue(connection, response, whole_response(response));
}

/// One reader of a stream: what it is being sent, and what comes after that.
struct Stream {
  using Part = std::shared_ptr<const std::string>;  // shared by all streams that it goes to

  Part sending;
  std::size_t sent_bytes = 0;
  Part next;
  MHD_Connection* connection = nullptr;
  bool suspended = false;
  std::set<Stream*>* registry = nullptr;

  [[nodiscard]] bool idle() const { return sent_bytes == sending->size() && !next; }
};

Request to_request(const char* method, const std::string& target) {
  const auto mark = std::min(target.find('?'), target.size());
  return {method, target.substr(0, mark), mark == target.size() ? "" : target.substr(mark + 1)};
}

class MhdServer final : public HttpServer {
 public:
  MhdServer(Handler handler, HttpLimits limits, bool loopback)
      : handler_(std::move(handler)), limits_(limits), loopback_(loopback) {}

  [[nodiscard]] Status start(uv_loop_t* loop, UniqueFd listener);
  ~MhdServer() override;

  [[nodiscard]] std::uint16_t port() const override { return port_; }
  void publish(std::string part) override;
  [[nodiscard]] std::size_t streams() const override { return streams_.size(); }

 private:
  [[nodiscard]] Status start_daemon(UniqueFd listener);
  [[nodiscard]] Status watch(uv_loop_t* loop);
  void run();
  void run_in(std::uint64_t milliseconds);
  [[nodiscard]] std::uint64_t next_run() const;
  void set_deadline(MHD_Connection* connection, std::chrono::milliseconds time) {
    deadlines_[connection] = Clock::now() + time;
  }
  void close_late_connections();
  MHD_Result answer(MHD_Connection* connection, const char* method, const char* version, Exchange& exchange);
  MHD_Result begin_stream(MHD_Connection* connection, const Response& response);
  void resume(Stream& stream);
  Response respond(MHD_Connection* connection, const Request& request, std::string_view version) const;

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                               const char* version, const char* upload, std::size_t* upload_bytes, void** context);
  static ssize_t on_stream(void* stream, std::uint64_t position, char* buffer, std::size_t most);
  static void on_stream_end(void* stream);
  static void* on_target(void* self, const char* target, MHD_Connection* connection);
  static void on_completed(void* self, MHD_Connection* connection, void** context, MHD_RequestTerminationCode code);
  static void on_connection(void* self, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode code);

  Handler handler_;
  HttpLimits limits_;
  bool loopback_;
  std::uint16_t port_ = 0;
  // The library's own timeout counts silence only: a client that sends a byte a second would stay for hours.
  std::map<MHD_Connection*, Clock::time_point> deadlines_;
  std::set<Stream*> streams_;  // owned by the library's responses
  // The order matters: first the handles let go of the library's descriptor, then the library ends.
  DaemonPtr daemon_;
  UvHandle<uv_poll_t> poll_;
  UvHandle<uv_timer_t> timer_;
};

Status MhdServer::start(uv_loop_t* loop, UniqueFd listener) {
  const auto port = port_of(listener.get());
  if (!port) return tl::unexpected<Error>(port.error());
  port_ = *port;
  if (auto started = start_daemon(std::move(listener)); !started) return started;
  return watch(loop);
}

Status MhdServer::start_daemon(UniqueFd listener) {
  const auto keep_escapes = [](void*, MHD_Connection*, char* text) -> std::size_t { return std::strlen(text); };
  // clang-format off
  daemon_.reset(MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, &MhdServer::on_request, this,
      MHD_OPTION_LISTEN_SOCKET, listener.get(),
      MHD_OPTION_CONNECTION_LIMIT, limits_.connections,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemoryBytes,
      MHD_OPTION_UNESCAPE_CALLBACK, static_cast<std::size_t (*)(void*, MHD_Connection*, char*)>(keep_escapes), nullptr,
      MHD_OPTION_URI_LOG_CALLBACK, &MhdServer::on_target, this,
      MHD_OPTION_NOTIFY_COMPLETED, &MhdServer::on_completed, this,
      MHD_OPTION_NOTIFY_CONNECTION, &MhdServer::on_connection, this,
      MHD_OPTION_END));
  // clang-format on
  if (!daemon_) return fail_errno("starting the HTTP server");
  static_cast<void>(listener.release());  // the library closes it
  return {};
}

Status MhdServer::watch(uv_loop_t* loop) {
  const MHD_DaemonInfo* info = MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_EPOLL_FD);
  if (info == nullptr) return fail(ErrorCode::System, "the HTTP server has no epoll descriptor");
  timer_ = UvHandle<uv_timer_t>::create(this);
  uv_timer_init(loop, timer_.get());  // cannot fail: it only sets fields
  poll_ = UvHandle<uv_poll_t>::create(this);
  int error = uv_poll_init(loop, poll_.get(), info->epoll_fd);
  if (error != 0) poll_.discard();
  if (error == 0)
    error = uv_poll_start(poll_.get(), UV_READABLE,
                          [](uv_poll_t* poll, int, int) { static_cast<MhdServer*>(poll->data)->run(); });
  if (error != 0) return fail(ErrorCode::System, std::string("watching the HTTP server: ") + uv_strerror(error));
  run();
  return {};
}

void MhdServer::run() {
  close_late_connections();
  MHD_run(daemon_.get());
  run_in(next_run());
}

void MhdServer::run_in(std::uint64_t milliseconds) {
  uv_timer_start(
      timer_.get(), [](uv_timer_t* timer) { static_cast<MhdServer*>(timer->data)->run(); }, milliseconds, 0);
}

/// When the library wants to run without new input, in milliseconds. At least once a tick even when it sees no need:
/// deadlines are ours, and after the connection limit was reached only a run lets it accept again.
std::uint64_t MhdServer::next_run() const {
  MHD_UNSIGNED_LONG_LONG wanted = 0;
  const auto tick = static_cast<std::uint64_t>(kDeadlineTick.count());
  if (MHD_get_timeout(daemon_.get(), &wanted) != MHD_YES) return tick;
  return std::min<std::uint64_t>(wanted, tick);
}

/// Ends the sockets of connections that take too long; the library then closes them as it does when a peer hangs up.
void MhdServer::close_late_connections() {
  const auto now = Clock::now();
  for (auto& [connection, deadline] : deadlines_) {
    if (now < deadline) continue;
    deadline = Clock::time_point::max();
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != nullptr) ::shutdown(info->connect_fd, SHUT_RDWR);
  }
}

void* MhdServer::on_target(void*, const char* target, MHD_Connection*) {
  return new Exchange{target, false};
}

void MhdServer::on_completed(void* self, MHD_Connection* connection, void** context, MHD_RequestTerminationCode) {
  delete static_cast<Exchange*>(std::exchange(*context, nullptr));
  auto& server = *static_cast<MhdServer*>(self);
  server.set_deadline(connection, server.limits_.request_time);
}

void MhdServer::on_connection(void* self, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode code) {
  auto& server = *static_cast<MhdServer*>(self);
  if (code == MHD_CONNECTION_NOTIFY_STARTED) server.set_deadline(connection, server.limits_.request_time);
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) server.deadlines_.erase(connection);
}

/// The library calls once when the headers are in and again for every piece of a body and for its end.
MHD_Result MhdServer::on_request(void* self, MHD_Connection* connection, const char*, const char* method,
                                 const char* version, const char*, std::size_t* upload_bytes, void** context) {
  auto& exchange = *static_cast<Exchange*>(*context);
  const std::string_view name = method;
  if (name != MHD_HTTP_METHOD_GET && name != MHD_HTTP_METHOD_HEAD) {
    Response refusal = plain(MHD_HTTP_METHOD_NOT_ALLOWED, "this server only answers GET and HEAD\n");
    refusal.headers = {{"Allow", "GET, HEAD"}, {"Connection", "close"}};
    return queue(connection, refusal);
  }
  if (!std::exchange(exchange.headers_seen, true)) return MHD_YES;
  if (*upload_bytes != 0) {  // a body that nobody asked for
    *upload_bytes = 0;
    return MHD_YES;
  }
  return static_cast<MhdServer*>(self)->answer(connection, method, version, exchange);
}

MHD_Result MhdServer::answer(MHD_Connection* connection, const char* method, const char* version, Exchange& exchange) {
  set_deadline(connection, limits_.answer_time);
  try {
    const Response response = respond(connection, to_request(method, exchange.target), version);
    const bool streams = response.stream && std::string_view(method) != MHD_HTTP_METHOD_HEAD;
    return streams ? begin_stream(connection, response) : queue(connection, response);
  } catch (const std::exception& exception) {  // nothing may cross the C library
    log::error("HTTP request failed", {{"target", exchange.target}, {"reason", exception.what()}});
    return queue(connection, plain(MHD_HTTP_INTERNAL_SERVER_ERROR, "internal error\n"));
  }
}

MHD_Result MhdServer::begin_stream(MHD_Connection* connection, const Response& response) {
  if (streams_.size() >= limits_.streams)
    return queue(connection, plain(MHD_HTTP_SERVICE_UNAVAILABLE, "too many streams are open already\n"));
  auto stream = std::make_unique<Stream>();
  stream->sending = std::make_shared<const std::string>(response.body);
  stream->connection = connection;
  stream->registry = &streams_;
  constexpr std::size_t kBlockBytes = 64 * 1024;
  ResponsePtr body(MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, kBlockBytes, &MhdServer::on_stream, stream.get(),
                                                     &MhdServer::on_stream_end));
  if (body) streams_.insert(stream.release());  // on_stream_end deletes it
  return queue(connection, response, std::move(body));
}

/// Called whenever the client can take more. With nothing to send the connection sleeps until publish().
ssize_t MhdServer::on_stream(void* context, std::uint64_t, char* buffer, std::size_t most) {
  auto& stream = *static_cast<Stream*>(context);
  if (stream.sent_bytes == stream.sending->size() && stream.next) {
    stream.sending = std::exchange(stream.next, nullptr);
    stream.sent_bytes = 0;
  }
  const std::size_t count = std::min(most, stream.sending->size() - stream.sent_bytes);
  std::memcpy(buffer, stream.sending->data() + stream.sent_bytes, count);
  stream.sent_bytes += count;
  if (count != 0) return static_cast<ssize_t>(count);
  stream.suspended = true;
  MHD_suspend_connection(stream.connection);
  return 0;
}

void MhdServer::on_stream_end(void* context) {
  const std::unique_ptr<Stream> stream(static_cast<Stream*>(context));
  stream->registry->erase(stream.get());
}

void MhdServer::publish(std::string part) {
  const auto shared = std::make_shared<const std::string>(std::move(part));
  for (Stream* const stream : streams_) {
    if (stream->idle()) set_deadline(stream->connection, limits_.answer_time);  // to take what comes now
    stream->next = shared;
    resume(*stream);
  }
  run_in(0);  // and not now: this may have been called from within the library
}

void MhdServer::resume(Stream& stream) {
  if (std::exchange(stream.suspended, false)) MHD_resume_connection(stream.connection);
}

/// The library must not end while a connection is suspended.
MhdServer::~MhdServer() {
  for (Stream* const stream : streams_) resume(*stream);
}

Response MhdServer::respond(MHD_Connection* connection, const Request& request, std::string_view version) const {
  if (version != MHD_HTTP_VERSION_1_0 && version != MHD_HTTP_VERSION_1_1)
    return plain(MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED, "this server speaks HTTP/1.1\n");
  const char* host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
  if (loopback_ && host != nullptr && !is_safe_host(host))
    return plain(MHD_HTTP_MISDIRECTED_REQUEST, "ask for this server as localhost or by its IP address\n");
  return handler_(request);
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::create(uv_loop_s* loop, const std::string& listen, Handler handler,
                                                       HttpLimits limits) {
  const auto address = parse_listen(listen);
  if (!address) return tl::unexpected<Error>(address.error());
  auto listener = listen_on(*address, listen);
  if (!listener) return tl::unexpected<Error>(std::move(listener.error()));
  auto server = std::make_unique<MhdServer>(std::move(handler), limits, address->loopback);
  if (auto started = server->start(loop, std::move(*listener)); !started)
    return tl::unexpected<Error>(std::move(started.error()));
  return server;
}

}  // namespace steady::observe
