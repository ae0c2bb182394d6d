// One thread and the actors that it runs: each takes a turn, again and again, and when none of them has anything to do
// the thread spins or sleeps until one has. They share one doorbell, so the thread sleeps on one futex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ipc/fence.hpp"
#include "worker/actor.hpp"
#include "worker/expectation.hpp"

namespace steady::worker {

class ActorThread {
 public:
  /// An actor and its index in the worker's plan. It must outlive the thread.
  struct Member {
    Actor* actor = nullptr;
    std::size_t index = 0;
    bool waits = false;  ///< its last turn had nothing to do: news or its deadline give it another
    bool over = false;
  };

  /// The members' plans agree on the bell and on `wait`.
  ActorThread(std::vector<Member> members, ipc::FenceMode fence);

  /// Starts every member, calls `started`, then runs turns until all are over. On the calling thread.
  void run(const std::function<void()>& started);
  /// The same for a thread with one member that takes no orders yet: calls `may_order` after its first step, or once it
  /// waits for one.
  void run_alone(const std::function<void()>& started, const std::function<void()>& may_order);

  /// What the kernel and people call it: the name of the thread, or of its only actor.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  enum class Wait { Block, Adaptive, Spin };
  /// What ended a part of a wait; Other: no news, but a reason to take a turn.
  enum class End { None, News, Other };

  void start();
  void take_turns(Actor::Turn first);
  void run_together();
  [[nodiscard]] static bool take_turn(Member& member);
  [[nodiscard]] static bool take_turn_if_due(Member& member);
  void wait();
  void wait_longer();
  void wait_as_expected(std::uint64_t now_ns);
  void spin(std::uint64_t now_ns);
  [[nodiscard]] bool look_until(std::uint64_t until_ns);
  [[nodiscard]] bool look_often(unsigned most_pauses);
  [[nodiscard]] End sleep(std::uint64_t until_ns);
  [[nodiscard]] bool news();
  [[nodiscard]] bool must_go_on();
  [[nodiscard]] std::optional<std::uint64_t> deadline() const;
  void begin_wait(std::uint64_t now_ns);
  void end_wait(std::uint64_t now_ns);

  std::vector<Member> members_;  ///< those that are not over
  const ipc::FenceMode fence_;
  const std::string name_;
  Wait wait_ = Wait::Adaptive;
  Expectation expectation_;  ///< only where it waits adaptively
};

}  // namespace steady::worker
