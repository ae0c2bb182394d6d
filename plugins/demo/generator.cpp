#include "demo/generator.hpp"

#include <algorithm>
#include <stdexcept>

namespace steady::demo {

void count_up(std::span<Number> out, std::uint64_t first) {
  Number* const numbers = out.data();
  const std::size_t count = out.size();
  for (std::size_t i = 0; i < count; ++i) numbers[i].value = first + i;
}

Generator::Generator() {
  run_when(numbers_.has_room(1));
}

void Generator::start() {
  if (*start_ < 0 || *limit_ < 0 || *batch_ < 0)
    throw std::invalid_argument("start, limit and batch must not be negative");
  crash_.arm(now(), generation());
}

std::uint64_t Generator::wanted() const {
  std::uint64_t count = numbers_.vacant();
  if (*batch_ > 0) count = std::min(count, static_cast<std::uint64_t>(*batch_));
  if (*limit_ > 0) count = std::min(count, static_cast<std::uint64_t>(*limit_) - progress_->made);
  return count;
}

void Generator::step() {
  const auto room = numbers_.put(wanted());
  count_up(room, static_cast<std::uint64_t>(*start_) + progress_->made);
  if (crash_.armed()) crash_.maybe(now());
  progress_->made += room.size();
  if (*limit_ > 0 && progress_->made >= static_cast<std::uint64_t>(*limit_)) end();
}

}  // namespace steady::demo
