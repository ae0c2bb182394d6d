// The doorbell: one futex per actor thread, rung by neighbours that published what it sleeps for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "ipc/segment.hpp"

namespace steady::ipc {

class Bell {
 public:
  [[nodiscard]] static Result<Bell> create(int fd);

  /// Rings. Costs a system call: only for a peer that says it sleeps. Any thread.
  void ring() const;

  /// The count to compare with in wait(); read it before saying "I sleep".
  [[nodiscard]] std::uint32_t count() const {
    return page_->rings.load(std::memory_order_acquire);  // SYNC(bell): with ring()'s add
  }
  /// Sleeps until the count differs from `seen`, or for `limit`, or spuriously. The owner's thread only.
  void wait(std::uint32_t seen, std::optional<std::chrono::nanoseconds> limit) const;

 private:
  explicit Bell(Mapping mapping) : mapping_(std::move(mapping)), page_(mapping_.at<BellPage>(0)) {}
  Mapping mapping_;
  BellPage* page_;
};

}  // namespace steady::ipc
