// Prints what comes in.
#pragma once

#include <chrono>
#include <cstdint>
#include <steady/actor.hpp>
#include <string>

namespace steady::console {

class Console final : public Actor {
 public:
  static constexpr About kAbout{"console", "Prints each item as a line on its standard output."};

  void start() override;
  void step() override;

 private:
  [[nodiscard]] bool may_print();

  Inputs<Any> items_{*this, "items", "frames as they are, described messages as JSON"};
  Parameter<std::int64_t> limit_{*this, "limit_per_second", "0", "print at most so many a second; 0: all"};
  Counter skipped_{*this, "skipped", "Items taken but not printed because of limit_per_second."};

  std::string text_;
  std::chrono::nanoseconds second_began_{};
  std::int64_t printed_ = 0;  // since then
};

}  // namespace steady::console
