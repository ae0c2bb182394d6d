#include "ticker/ticker.hpp"

#include <stdexcept>

namespace steady::ticker {

void Ticker::start() {
  if (*limit_ < 0) throw std::invalid_argument("parameter limit: must not be negative");
  run_when(ticks_.has_room(1) && every(*interval_));
}

bool Ticker::done() const {
  return *limit_ > 0 && progress_->sent >= static_cast<std::uint64_t>(*limit_);
}

void Ticker::step() {
  if (!done()) {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    ticks_.put(Tick{progress_->sent++, std::chrono::duration<double>(time).count()});
  }
  if (done()) end();
}

}  // namespace steady::ticker
