// Owns one libuv handle. libuv may touch a handle's memory until its close callback has run, so the memory lives on the
// heap and is released in that callback and nowhere else. Loop thread only.
//
// The loop must run once more after the last handle is gone, or the close callbacks never come:
//   timer.reset(); uv_run(loop, UV_RUN_DEFAULT); uv_loop_close(loop);
#pragma once

#include <uv.h>

#include <utility>

namespace steady {

/// A handle of libuv type Handle (uv_timer_t, uv_poll_t, uv_pipe_t, ...), closed on destruction.
///
///     auto timer = UvHandle<uv_timer_t>::create(this);
///     if (uv_timer_init(loop, timer.get()) != 0) timer.discard();
///
/// Between create() and a successful uv_*_init the handle is only memory; if the init fails, call discard().
template <class Handle>
class UvHandle {
 public:
  UvHandle() = default;
  UvHandle(UvHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  UvHandle& operator=(UvHandle&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~UvHandle() { reset(); }

  /// Allocates the handle and sets its `data`. Callbacks read it as their context; it must outlive the handle.
  [[nodiscard]] static UvHandle create(void* data) {
    UvHandle result;
    result.handle_ = new Handle{};
    result.handle_->data = data;
    return result;
  }

  /// Closes the handle. None of its callbacks runs any more; pending requests still complete, with UV_ECANCELED.
  void reset() {
    if (handle_ == nullptr) return;
    Handle* closing = std::exchange(handle_, nullptr);
    uv_close(as_base(closing), [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }

  /// Releases memory that uv_*_init refused; the loop does not know this handle.
  void discard() { delete std::exchange(handle_, nullptr); }

  [[nodiscard]] Handle* get() const { return handle_; }
  [[nodiscard]] explicit operator bool() const { return handle_ != nullptr; }
  /// The same handle for functions that take any kind (uv_is_active, uv_unref, ...).
  [[nodiscard]] uv_handle_t* base() const { return as_base(handle_); }
  /// The same handle for functions that take a stream. Only for uv_pipe_t, uv_tcp_t and uv_tty_t.
  [[nodiscard]] uv_stream_t* stream() const { return reinterpret_cast<uv_stream_t*>(handle_); }

 private:
  // libuv's own idea of inheritance: each handle type begins with the fields of uv_handle_t.
  static uv_handle_t* as_base(Handle* handle) { return reinterpret_cast<uv_handle_t*>(handle); }

  Handle* handle_ = nullptr;
};

}  // namespace steady
