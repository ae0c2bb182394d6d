// The control socket: JSON-RPC 2.0, one object per line, over a unix stream socket on the libuv loop.
// Only root and the daemon's own user are served. Loop thread only.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "control/rpc.hpp"

struct uv_loop_s;

namespace steady::control {

class Server {
 public:
  /// Listens on `path`, mode 0600. A socket file that nobody answers on is replaced. `dispatch` runs on the loop
  /// thread, must answer at once, and must not destroy the server. SIGPIPE is ignored in the whole process from here
  /// on: libuv writes in a way that raises it, and a client that hangs up must not end the daemon. Errors: Busy when a
  /// live daemon answers there; Invalid for a path longer than 107 bytes, or one where something other than a socket
  /// is; NotFound, Denied, System.
  [[nodiscard]] static Result<std::unique_ptr<Server>> create(uv_loop_s* loop, std::string path, Dispatch dispatch);

  /// Drops all connections and removes the socket file. The loop must run once more to release the handles.
  virtual ~Server() = default;
};

}  // namespace steady::control
