// A libuv loop for a test that waits on its own thread for what happens there.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <uv.h>

#include <cstdint>

#include "base/uv_handle.hpp"

namespace steady::test {

/// Destroy what lives on it before it.
class Loop {
 public:
  Loop() {
    ::signal(SIGPIPE, SIG_IGN);  // as steadyd does
    uv_loop_init(&loop_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    run_out();
    CHECK(uv_loop_close(&loop_) == 0);
  }
  [[nodiscard]] uv_loop_t* get() { return &loop_; }

  /// Runs until the condition holds; a watchdog fails the test when it never does.
  template <class Condition>
  void run_until(Condition condition) {
    bool late = false;
    auto watchdog = UvHandle<uv_timer_t>::create(&late);
    uv_timer_init(&loop_, watchdog.get());
    uv_timer_start(
        watchdog.get(), [](uv_timer_t* timer) { *static_cast<bool*>(timer->data) = true; }, kWatchdogMilliseconds, 0);
    auto tick = UvHandle<uv_timer_t>::create(nullptr);  // for conditions that no event announces
    uv_timer_init(&loop_, tick.get());
    uv_timer_start(
        tick.get(), [](uv_timer_t*) {}, 1, 1);
    bool holds = condition();
    while (!holds && !late) {
      uv_run(&loop_, UV_RUN_ONCE);
      holds = condition();
    }
    REQUIRE(holds);
  }
  /// Runs until nothing is left to wait for.
  void run_out() { uv_run(&loop_, UV_RUN_DEFAULT); }

 private:
  static constexpr std::uint64_t kWatchdogMilliseconds = 90'000;
  uv_loop_t loop_{};
};

}  // namespace steady::test
