// What an actor remembers across crashes: State<T>, and its own counters and gauges. All of it is part of the step's
// transaction: it changes when the step returns, or not at all.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>
#include <type_traits>

#include "steady/registry.hpp"

namespace steady {

/// Lets the state outlive a clean stop of the service and a reboot, as a file's offset must.
inline constexpr std::uint32_t kDurable = STEADY_STATE_DURABLE;

/// One trivially copyable value, kept in shared memory as two buffers. At the very first start it is T{}. When T's
/// layout changes, raise `version` and override Actor::migrate.
template <class T>
class State final : detail::Member {
  static_assert(std::is_trivially_copyable_v<T>, "state is kept as bytes: it must be trivially copyable");
  static_assert(alignof(T) <= 64, "state is aligned to at most 64 bytes");

 public:
  explicit State(Actor& actor, std::uint32_t version = 1, std::uint32_t flags = 0) {
    auto& registry = detail::registry_of(actor);
    if (registry.state_size != 0) throw std::logic_error("an actor has at most one State");
    registry.state_size = (sizeof(T) + 7) & ~std::uint64_t{7};
    registry.state_version = version;
    registry.state_flags = flags;
    registry.members.push_back(this);
  }

  /// Reading costs nothing, and leaves the step without a change of state to commit.
  [[nodiscard]] const T& value() const { return *std::launder(reinterpret_cast<const T*>(detail::current(*io_))); }
  const T& operator*() const { return value(); }
  const T* operator->() const { return &value(); }
  /// The first change in a step copies the state once. So do * and -> on a State that is not const.
  T& change() { return *std::launder(reinterpret_cast<T*>(detail::touch(*io_))); }
  T* operator->() { return &change(); }
  T& operator*() { return change(); }

 private:
  void bind(steady_io& io) override {
    io_ = &io;
    if (io.state_fresh != 0) new (detail::touch(io)) T{};
  }
  steady_io* io_ = nullptr;
};

namespace detail {

/// A metric's word lies behind the state: 8 bytes, aligned to 8.
template <class Word>
class MetricWord : Member {
 public:
  MetricWord(Actor& actor, const steady_metric& metric) {
    auto& registry = registry_of(actor);
    index_ = registry.metrics.size();
    registry.metrics.push_back(metric);
    registry.members.push_back(this);
    registry_ = &registry;
  }
  [[nodiscard]] Word value() const {
    Word word;
    std::memcpy(&word, current(*io_) + offset_, sizeof word);
    return word;
  }

 protected:
  ~MetricWord() = default;
  void write(Word word) { std::memcpy(touch(*io_) + offset_, &word, sizeof word); }

 private:
  void bind(steady_io& io) override {
    io_ = &io;
    offset_ = registry_->state_size + index_ * 8;
  }
  const Registry* registry_;
  std::size_t index_;
  std::uint64_t offset_ = 0;
  steady_io* io_ = nullptr;
};

}  // namespace detail

/// A number that only grows; exported as steady_user_NAME_total{actor="..."}. Exact across crashes.
class Counter final : public detail::MetricWord<std::uint64_t> {
 public:
  Counter(Actor& actor, const char* name, const char* help) : MetricWord(actor, {name, help, 1}) {}
  void add(std::uint64_t amount = 1) {
    if (amount != 0) write(value() + amount);
  }
};

/// A number that goes up and down; exported as steady_user_NAME{actor="..."}.
class Gauge final : public detail::MetricWord<double> {
 public:
  Gauge(Actor& actor, const char* name, const char* help) : MetricWord(actor, {name, help, 0}) {}
  void set(double amount) { write(amount); }
};

}  // namespace steady
