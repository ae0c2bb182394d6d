// The commit: how everything that a step did takes effect at once, whatever kills the process.
//
//   1. write into the record where every touched end and the state will stand
//   2. arm the record: this store is the commit
//   3. store each position, then the state's buffer, then close the outputs if the actor has finished
//   4. disarm the record
//   5. ring the peers that sleep
//
// A death before 2 means that the step never happened. A death after 2 is finished by the next generation, which
// repeats 3 from the record before anything else runs; absolute values make repeating harmless.
//
// SYNC(commit): the record's fields are written before `armed` is stored with release; repair loads it with acquire.
//   Forbidden: 1. worker arms  2. worker dies  3. the next generation sees it armed and the fields of an older commit.
//   (A kill cannot reorder stores of one core; the order matters to the compiler, and says what is meant.)
#pragma once

#include <cstdint>
#include <span>

#include "ipc/layout.hpp"
#include "ipc/ring.hpp"

namespace steady::ipc {

/// The numbered instants of a commit; a test stops at each, kills, and checks the promise.
enum class CommitPoint : unsigned {
  BeforeRecord = 1,  ///< the step has returned, nothing is written
  BeforeArm,         ///< the record is complete, not yet armed
  Armed,             ///< decided, nothing of it visible
  BetweenEnds,       ///< after each stored position
  BeforeState,       ///< all positions stored
  BeforeClose,       ///< the state's buffer is flipped
  BeforeDisarm,      ///< everything is visible, the record still armed
  Disarmed,          ///< done but for the bells
  Done,              ///< peers were rung
};
inline constexpr unsigned kCommitPointCount = 9;

/// What the data path runs with: no hook, no cost.
struct NoHook {
  void operator()(CommitPoint) const {}
};

/// An end that a step has moved, and where to.
template <class End>
struct Moved {
  End* end = nullptr;
  Position to{};
};

/// Everything one step did.
struct Changes {
  std::span<const Moved<InputEnd>> inputs;
  std::span<const Moved<OutputEnd>> outputs;
  std::uint64_t state_current = 0;  ///< buffer that counts from now on (1 or 2), or 0: unchanged
  bool finished = false;            ///< all outputs close, for good
  std::uint64_t replay = 0;         ///< ticket of the dead letter that is put back, or 0
};

/// A store that changes nothing still takes its place in the core's store buffer, and while a step waits for a cache line
/// the core can run ahead only as far as that reaches: about as many stores as a step has. So constants are not stored anew.
inline void renew(std::uint64_t& word, std::uint64_t value) {
  if (word != value) word = value;
}

/// Fills an entry of the record. Messages of one size are counted by their bytes.
template <class End>
[[gnu::always_inline]] inline void write_entry(CommitEntry& entry, const Moved<End>& moved) {
  renew(entry.incarnation, moved.end->incarnation());
  entry.position = moved.to.bytes;
  if (moved.end->message_bytes() == 0) entry.messages = moved.to.messages;
}

/// Commits `changes` of the actor whose words these are. `all_outputs` are closed when it has finished.
/// The actor's thread only.
template <class Hook>
[[gnu::always_inline]] inline void commit(ActorWords& words, const Changes& changes,
                                          std::span<OutputEnd* const> all_outputs, FenceMode fence, const Hook& hook) {
  constexpr auto relaxed = std::memory_order_relaxed;
  hook(CommitPoint::BeforeRecord);
  CommitRecord& record = words.record;
  // A single position of fixed-size messages is one store: atomic by itself.
  const bool one_store =
      changes.inputs.size() + changes.outputs.size() == 1 &&
      (changes.state_current | changes.replay | static_cast<std::uint64_t>(changes.finished)) == 0 &&
      (changes.inputs.empty() ? changes.outputs[0].end->message_bytes() : changes.inputs[0].end->message_bytes()) != 0;
  if (!one_store) {
    std::uint64_t count = 0;
    for (const auto& moved : changes.inputs) write_entry(record.entries[count++], moved);
    for (const auto& moved : changes.outputs) write_entry(record.entries[count++], moved);
    record.state_current = changes.state_current;
    renew(record.entry_count, count);
    renew(record.finished, changes.finished ? 1 : 0);
    renew(record.replay, changes.replay);
    hook(CommitPoint::BeforeArm);
    record.armed.store(1, std::memory_order_release);  // SYNC(commit): this is the commit
    hook(CommitPoint::Armed);
  }
  for (const auto& moved : changes.outputs) {
    moved.end->publish(moved.to);
    hook(CommitPoint::BetweenEnds);
  }
  for (const auto& moved : changes.inputs) {
    moved.end->publish(moved.to);
    hook(CommitPoint::BetweenEnds);
  }
  hook(CommitPoint::BeforeState);
  if (changes.state_current != 0) {
    words.state_current.store(changes.state_current, std::memory_order_release);  // SYNC(state)
    words.state_commits.store(words.state_commits.load(relaxed) + 1, std::memory_order_release);
  }
  if (changes.replay != 0) words.last_replay.store(changes.replay, relaxed);  // read after this process is gone
  hook(CommitPoint::BeforeClose);
  if (changes.finished) {
    words.finished.store(1, relaxed);  // read after this process is gone, or for display
    for (OutputEnd* const output : all_outputs) output->set_closed(true);
  }
  hook(CommitPoint::BeforeDisarm);
  if (!one_store) record.armed.store(0, std::memory_order_release);
  hook(CommitPoint::Disarmed);
  publisher_fence(fence);  // SYNC(sleep)
  for (const auto& moved : changes.outputs) moved.end->wake_peers();
  for (const auto& moved : changes.inputs) moved.end->wake_peers();
  hook(CommitPoint::Done);
}

/// Finishes what a dead generation had decided. Call before anything else runs on these ends; returns whether there was
/// something to finish. With `reopen` the actor begins anew even if that commit was its last: nothing is closed. Entries
/// of ends that no longer exist (the configuration changed) are passed over.
/// Errors: Corrupt when the record cannot have been written by commit().
[[nodiscard]] Result<bool> repair(ActorWords& words, std::span<InputEnd* const> inputs,
                                  std::span<OutputEnd* const> outputs, bool reopen = false);

}  // namespace steady::ipc
