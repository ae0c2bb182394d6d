#include "console/console.hpp"

#include <cstdio>
#include <stdexcept>
#include <steady/json.hpp>

namespace steady::console {
namespace {

constexpr std::size_t kBatchBytes = 1 << 16;

}  // namespace

void Console::start() {
  if (*limit_ < 0) throw std::invalid_argument("parameter limit_per_second: must not be negative");
  second_began_ = now();
}

void Console::step() {
  if (now() - second_began_ >= std::chrono::seconds(1)) {
    second_began_ = now();
    printed_ = 0;
  }
  text_.clear();
  for (auto lane : items_) {
    const steady_message* const message = lane.message();
    while (text_.size() < kBatchBytes) {
      const auto item = lane.next();
      if (!item) break;
      if (!may_print()) continue;
      if (message != nullptr)
        append_json(text_, *message, *item);
      else
        text_ += *item;
      text_ += '\n';
    }
  }
  std::fwrite(text_.data(), 1, text_.size(), stdout);
  std::fflush(stdout);
}

bool Console::may_print() {
  if (*limit_ == 0) return true;
  if (printed_ < *limit_) {
    ++printed_;
    return true;
  }
  skipped_.add();
  return false;
}

}  // namespace steady::console
