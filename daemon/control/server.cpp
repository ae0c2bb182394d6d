#include "control/server.hpp"

#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/uv_handle.hpp"
#include "control/unix_socket.hpp"

namespace steady::control {
namespace {

constexpr std::size_t kLineBytesMax = 1024 * 1024;
// A client that asks and never reads is dropped when this much waits for it.
constexpr std::size_t kUnreadBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kConnectionsMax = 64;

class Connection;

/// What a connection needs of the server that owns it.
class Owner {
 public:
  virtual ~Owner() = default;
  [[nodiscard]] virtual const Dispatch& dispatch() const = 0;
  /// Destroys the connection; it touches nothing of its own afterwards.
  virtual void drop(Connection& connection) = 0;
};

/// One answer on its way. The connection may be gone when libuv is through with it.
struct Write {
  uv_write_t request{};
  std::string text;
};

class Connection {
 public:
  Connection(Owner& owner, uv_loop_t* loop) : owner_(owner), pipe_(UvHandle<uv_pipe_t>::create(this)) {
    uv_pipe_init(loop, pipe_.get(), 0);  // cannot fail: it only sets fields
  }

  [[nodiscard]] Status accept(uv_stream_t* listener);

 private:
  void received(std::string_view bytes);
  void finish_reading();
  void send(std::string line);
  void drop() { owner_.drop(*this); }
  [[nodiscard]] std::size_t unread_bytes() const { return uv_stream_get_write_queue_size(pipe_.stream()); }

  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);

  Owner& owner_;
  UvHandle<uv_pipe_t> pipe_;
  std::string unfinished_line_;
  bool reading_ = true;
};

bool is_welcome(uid_t user) {
  return user == 0 || user == ::geteuid();
}

Status Connection::accept(uv_stream_t* listener) {
  if (const int error = uv_accept(listener, pipe_.stream()); error != 0)
    return fail(ErrorCode::System, std::string("accept: ") + uv_strerror(error));
  uv_os_fd_t fd = -1;
  uv_fileno(pipe_.base(), &fd);
  const auto user = peer_of(fd);
  if (!user) return tl::unexpected<Error>(user.error());
  if (!is_welcome(*user)) {
    send(error_line(kFailed, "only root and the user that steadyd runs as may use this socket"));
    return fail(ErrorCode::Denied, "refused user " + std::to_string(*user));
  }
  // One thread runs all callbacks, one after the other, so all connections can share one buffer.
  const auto allocate = [](uv_handle_t*, std::size_t, uv_buf_t* buffer) {
    static std::array<char, 65536> shared;
    *buffer = uv_buf_init(shared.data(), shared.size());
  };
  if (const int error = uv_read_start(pipe_.stream(), allocate, &on_read); error != 0)
    return fail(ErrorCode::System, std::string("read: ") + uv_strerror(error));
  return {};
}

void Connection::on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  auto& self = *static_cast<Connection*>(stream->data);
  if (count > 0) return self.received({buffer->base, static_cast<std::size_t>(count)});
  if (count == UV_EOF) return self.finish_reading();
  if (count < 0) self.drop();
}

void Connection::received(std::string_view bytes) {
  for (;;) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (unfinished_line_.size() + part.size() > kLineBytesMax) {
      send(error_line(kInvalidRequest, "a request line has at most " + std::to_string(kLineBytesMax) + " bytes"));
      return drop();
    }
    unfinished_line_ += part;
    if (end == std::string_view::npos) return;
    const std::string line = std::exchange(unfinished_line_, {});
    bytes.remove_prefix(end + 1);
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    send(answer(line, owner_.dispatch()));
    if (unread_bytes() > kUnreadBytesMax) return drop();
  }
}

/// The client has nothing more to ask; it may still be waiting for answers.
void Connection::finish_reading() {
  reading_ = false;
  uv_read_stop(pipe_.stream());
  if (unread_bytes() == 0) drop();
}

/// Writes at once what the socket takes, so that an answer is out even if the daemon stops right after it.
void Connection::send(std::string line) {
  if (line.empty()) return;
  line += '\n';
  uv_buf_t buffer = uv_buf_init(line.data(), static_cast<unsigned>(line.size()));
  const int written = uv_try_write(pipe_.stream(), &buffer, 1);
  if (written < 0 && written != UV_EAGAIN) return;  // the peer is gone; the next read says so
  line.erase(0, static_cast<std::size_t>(std::max(written, 0)));
  if (line.empty()) return;

  auto write = std::make_unique<Write>();
  write->text = std::move(line);
  write->request.data = write.get();
  buffer = uv_buf_init(write->text.data(), static_cast<unsigned>(write->text.size()));
  if (uv_write(&write->request, pipe_.stream(), &buffer, 1, &on_written) == 0)
    static_cast<void>(write.release());  // on_written has it
}

void Connection::on_written(uv_write_t* request, int status) {
  const std::unique_ptr<Write> write(static_cast<Write*>(request->data));
  if (status == UV_ECANCELED) return;  // the connection is gone already
  auto& self = *static_cast<Connection*>(request->handle->data);
  if (!self.reading_ && self.unread_bytes() == 0) self.drop();
}

class UvServer final : public Server, public Owner {
 public:
  UvServer(uv_loop_t* loop, ListeningSocket socket, Dispatch dispatch)
      : loop_(loop), socket_(std::move(socket)), dispatch_(std::move(dispatch)) {}
  ~UvServer() override { remove_file(socket_); }

  [[nodiscard]] Status start();

  [[nodiscard]] const Dispatch& dispatch() const override { return dispatch_; }
  void drop(Connection& connection) override { connections_.erase(&connection); }

 private:
  void accept();

  uv_loop_t* loop_;
  ListeningSocket socket_;  // its descriptor moves to listener_ in start()
  Dispatch dispatch_;
  UvHandle<uv_pipe_t> listener_;
  std::map<Connection*, std::unique_ptr<Connection>> connections_;
};

Status UvServer::start() {
  listener_ = UvHandle<uv_pipe_t>::create(this);
  uv_pipe_init(loop_, listener_.get(), 0);
  // Bound by hand and not by uv_pipe_bind, which cuts long names and removes the file whoever owns it by then.
  if (const int error = uv_pipe_open(listener_.get(), socket_.fd.get()); error != 0)
    return fail(ErrorCode::System, socket_.path + ": " + uv_strerror(error));
  static_cast<void>(socket_.fd.release());
  const int error = uv_listen(listener_.stream(), 64, [](uv_stream_t* stream, int status) {
    if (status == 0) static_cast<UvServer*>(stream->data)->accept();
  });
  if (error != 0) return fail(ErrorCode::System, socket_.path + ": " + uv_strerror(error));
  return {};
}

void UvServer::accept() {
  auto connection = std::make_unique<Connection>(*this, loop_);
  const auto accepted = connection->accept(listener_.stream());
  if (!accepted) return log::warn("Control connection refused", {{"reason", accepted.error().message}});
  if (connections_.size() >= kConnectionsMax)
    return log::warn("Control connection refused", {{"reason", "too many connections"}});
  Connection* key = connection.get();
  connections_.emplace(key, std::move(connection));
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(uv_loop_s* loop, std::string path, Dispatch dispatch) {
  std::signal(SIGPIPE, SIG_IGN);
  auto socket = listen_on(path);
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  auto server = std::make_unique<UvServer>(loop, std::move(*socket), std::move(dispatch));
  if (auto started = server->start(); !started) return tl::unexpected<Error>(std::move(started.error()));
  return server;
}

}  // namespace steady::control
