// Pushes the metrics to an OTLP/HTTP receiver every so often, by a steadyd-otlp per push: names are resolved and
// servers waited for there. One runs at a time; what cannot be pushed is not kept, for the next push has it too. Loop
// thread only.
#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/uv_handle.hpp"
#include "process/query.hpp"

namespace steady::runtime {

class OtlpPush {
 public:
  /// `document` makes what is pushed. The first push is one interval from now.
  OtlpPush(uv_loop_t* loop, std::string executable, std::string url, std::chrono::nanoseconds interval,
           std::function<std::string()> document);
  OtlpPush(const OtlpPush&) = delete;
  OtlpPush& operator=(const OtlpPush&) = delete;

 private:
  void push();
  void ended(const process::Outcome& outcome);
  void failed(const std::string& why);

  uv_loop_t* loop_;
  std::string executable_;
  std::string url_;
  std::function<std::string()> document_;
  bool failing_ = false;  ///< it was said, and need not be said again
  UvHandle<uv_timer_t> timer_;
  std::unique_ptr<process::Query> query_;
};

}  // namespace steady::runtime
