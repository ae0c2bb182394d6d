#include "runtime/otlp_push.hpp"

#include <utility>

#include "base/log.hpp"

namespace steady::runtime {
namespace {

/// More than steadyd-otlp gives a receiver.
constexpr std::chrono::seconds kLimit(15);

}  // namespace

OtlpPush::OtlpPush(uv_loop_t* loop, std::string executable, std::string url, std::chrono::nanoseconds interval,
                   std::function<std::string()> document)
    : loop_(loop), executable_(std::move(executable)), url_(std::move(url)), document_(std::move(document)) {
  const auto interval_ms = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(interval).count());
  timer_ = UvHandle<uv_timer_t>::create(this);
  uv_timer_init(loop_, timer_.get());
  uv_timer_start(
      timer_.get(), [](uv_timer_t* timer) { static_cast<OtlpPush*>(timer->data)->push(); }, interval_ms, interval_ms);
}

void OtlpPush::push() {
  if (query_) return;
  process::Spawn spawn;
  spawn.command = {executable_, "--fd", "3"};
  auto query = process::Query::start(loop_, spawn, url_ + '\n' + document_() + '\n', kLimit,
                                     [this](const process::Outcome& outcome) { ended(outcome); });
  if (!query) return failed(query.error().message);
  query_ = std::move(*query);
}

void OtlpPush::ended(const process::Outcome& outcome) {
  const auto over = std::move(query_);
  if (outcome.timed_out) return failed("it took too long");
  if (!outcome.how.clean())
    return failed(outcome.last_error_line.empty() ? outcome.how.text() : outcome.last_error_line);
  if (std::exchange(failing_, false)) log::info("Metrics are pushed again", {{"to", url_}});
}

void OtlpPush::failed(const std::string& why) {
  if (!std::exchange(failing_, true)) log::warn("Metrics could not be pushed", {{"to", url_}, {"why", why}});
}

}  // namespace steady::runtime
