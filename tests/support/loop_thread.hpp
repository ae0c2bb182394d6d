// Runs a libuv loop on a thread of its own, so that a test can be an ordinary blocking client of what lives on it.
#pragma once

#include <uv.h>

#include <exception>
#include <thread>

namespace steady::test {

/// Create what lives on loop(), then start(). stop() ends the thread; destroy the rest before this object.
class LoopThread {
 public:
  LoopThread() {
    uv_loop_init(&loop_);
    uv_async_init(&loop_, &stop_, [](uv_async_t* async) { uv_stop(async->loop); });
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() {
    stop();
    uv_close(reinterpret_cast<uv_handle_t*>(&stop_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);  // the close callbacks of everything that lived here
    if (uv_loop_close(&loop_) != 0) std::terminate();
  }

  [[nodiscard]] uv_loop_t* loop() { return &loop_; }
  void start() {
    thread_ = std::thread([this] { uv_run(&loop_, UV_RUN_DEFAULT); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    uv_async_send(&stop_);
    thread_.join();
  }

 private:
  uv_loop_t loop_{};
  uv_async_t stop_{};
  std::thread thread_;
};

}  // namespace steady::test
